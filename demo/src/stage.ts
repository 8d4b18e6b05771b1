import {
  ACCOUNTS,
  type Cluster,
  type Kind,
  type MySwitch,
  type PoolConfig,
  type TestServer,
  Workload,
  createCluster,
  createLedger,
  poolConfig,
  startMySwitch,
} from '@myswitch/testkit';

export const CLIENTS = 32;
/** Statements a second: what two cores do beside three servers without being busy. */
export const RATE = 1000;
const WORKERS = 2;

/** Everything that runs. */
export interface Stage {
  readonly cluster: Cluster;
  readonly mySwitch: MySwitch;
  readonly ports: PoolConfig['ports'];
}

export async function startServers(kind: Kind): Promise<Cluster> {
  const cluster = await createCluster({ kind, replicas: 2 });
  await createLedger(node(cluster, 'db1'));
  return cluster;
}

/** The real program, as `npx myswitch start` runs it. */
export async function startSwitch(cluster: Cluster): Promise<Stage> {
  const { config, ports } = await poolConfig(cluster, {}, WORKERS);
  return { cluster, ports, mySwitch: await startMySwitch({ config }) };
}

export function startWorkload({ ports }: Stage): Workload {
  const { user, password } = ACCOUNTS.app;
  return new Workload({
    connection: { host: '127.0.0.1', port: ports.pool, user, password },
    clients: CLIENTS,
    rate: RATE,
  });
}

/** @throws RangeError when there is no such node */
export function node(cluster: Cluster, name: string): TestServer {
  const found = cluster.nodes.find((server) => server.name === name);
  if (found === undefined) throw new RangeError(`no node ${name}`);
  return found;
}
