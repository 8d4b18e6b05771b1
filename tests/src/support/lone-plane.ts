import type { ProxyOptions } from '@myswitch/proxy';
import { ACCOUNTS, type Kind, type TestServer, createCluster, freePort } from '@myswitch/testkit';
import { POOL } from './plane';
import { PlaneProcess } from './plane-process';

export interface LonePlane {
  readonly server: TestServer;
  readonly plane: PlaneProcess;
  /** Where clients connect, once the plane was told to listen. */
  readonly port: number;
}

/** A data plane of two workers in front of one server, which is ACTIVE. No accounts are known, and nothing listens yet. */
export async function startLonePlane(kind: Kind): Promise<LonePlane> {
  const cluster = await createCluster({ kind, replicas: 0 });
  const server = cluster.nodes[0]!;
  const port = await freePort();
  const { user: name, password } = ACCOUNTS.control;
  const options: ProxyOptions = {
    pools: [
      {
        name: POOL,
        listen: [{ host: '127.0.0.1', port }],
        maxClients: 100,
        tls: null,
        proxyProtocol: null,
        nodes: [{ name: server.name, host: server.host, port: server.port, tls: null, proxyProtocol: false }],
        users: [],
        control: { name, password },
        hold: { maxMs: 10_000, clients: 100, bytes: 1 << 20 },
        backend: { min: 0, max: 8 },
      },
    ],
  };
  const plane = await PlaneProcess.start(options, 2);
  await plane.call('activate', POOL, { node: server.name, epoch: 1 });
  return { server, plane, port };
}
