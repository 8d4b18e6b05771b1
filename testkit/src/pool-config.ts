import { ACCOUNTS, type Cluster } from './replication';
import { freePort } from './ports';

/** A configuration of one pool, ready to be written as myswitch.yaml, and the ports in it. */
export interface PoolConfig {
  readonly config: {
    readonly stateDir: string;
    readonly workers: number;
    readonly admin: object;
    readonly http: object;
    readonly pools: readonly [Record<string, unknown>];
  };
  readonly ports: { readonly pool: number; readonly admin: number; readonly http: number };
}

/** Pool `shop` with all nodes of a cluster; `pool` adds or replaces keys of the pool, `workers` is the number of processes. */
export async function poolConfig(
  cluster: Cluster,
  pool: Readonly<Record<string, unknown>> = {},
  workers = 1,
): Promise<PoolConfig> {
  const ports = { pool: await freePort(), admin: await freePort(), http: await freePort() };
  const nodes = cluster.nodes.map((node, index) => ({
    name: node.name,
    address: `${node.host}:${node.port}`,
    type: index === 0 ? 'primary' : 'secondary',
  }));
  const { control, replication, app } = ACCOUNTS;
  const users = [{ name: app.user, password: app.password }];
  return {
    config: {
      stateDir: './state',
      workers,
      admin: { listen: `127.0.0.1:${ports.admin}`, user: 'admin', password: 'admin-secret' },
      http: { listen: `127.0.0.1:${ports.http}` },
      pools: [{ name: 'shop', listen: `127.0.0.1:${ports.pool}`, nodes, control, replication, users, ...pool }],
    },
    ports,
  };
}
