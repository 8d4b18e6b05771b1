import { isDeepStrictEqual } from 'node:util';
import { type Connection, type ConnectionOptions, createConnection } from 'mysql2/promise';
import {
  type ListenAddress,
  type PoolOptions,
  type RunningDataPlane,
  type TlsFiles,
  startDataPlane,
} from '@myswitch/proxy';
import { ACCOUNTS, freePort, sleep, until } from '@myswitch/testkit';

export const POOL = 'shop';

export interface TestPlaneOptions extends Partial<Omit<PoolOptions, 'nodes' | 'listen'>> {
  readonly nodes: readonly { readonly name: string; readonly host: string; readonly port: number }[];
  readonly listen?: readonly ListenAddress[];
  /** Towards the servers; default: none. */
  readonly nodeTls?: TlsFiles | null;
  /** The servers are told each client's address. */
  readonly nodeProxyProtocol?: boolean;
  /** Default: the first node; null: no node is active. */
  readonly active?: string | null;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown> | undefined;
}

type Plane = RunningDataPlane['plane'];
type BackendRows = Awaited<ReturnType<Plane['backends']>>;

/** A data plane in this process, without a control plane: the tests move it by hand. */
export class TestPlane {
  readonly plane: Plane;
  readonly port: number;
  readonly log: LogLine[];
  readonly #running: RunningDataPlane;
  readonly #connections: Connection[] = [];
  #epoch = 1;

  constructor(running: RunningDataPlane, port: number, log: LogLine[]) {
    this.#running = running;
    this.plane = running.plane;
    this.port = port;
    this.log = log;
  }

  /** A client of the proxy, as the application's account unless told otherwise. Closed at the latest by `stop`. */
  async connect(options: ConnectionOptions = {}): Promise<Connection> {
    const connection = await createConnection({ host: '127.0.0.1', port: this.port, ...ACCOUNTS.app, ...options });
    connection.on('error', () => undefined);
    this.#connections.push(connection);
    return connection;
  }

  hold(): Promise<void> {
    return this.plane.hold(POOL);
  }

  drained(deadlineMs = 5000): ReturnType<Plane['drained']> {
    return this.plane.drained(POOL, deadlineMs);
  }

  release(node: string): ReturnType<Plane['release']> {
    return this.plane.release(POOL, { node, epoch: ++this.#epoch });
  }

  activate(node: string | null): Promise<void> {
    return this.plane.activate(POOL, node === null ? null : { node, epoch: ++this.#epoch });
  }

  sessions(): ReturnType<Plane['sessions']> {
    return this.plane.sessions(POOL);
  }

  backends(): ReturnType<Plane['backends']> {
    return this.plane.backends(POOL);
  }

  blocking(): ReturnType<Plane['blocking']> {
    return this.plane.blocking(POOL);
  }

  /** Pins and weak pins of the only session, or of the one with that id. */
  async pins(session?: number): Promise<string[]> {
    const rows = await this.sessions();
    const row = session === undefined ? rows[0] : rows.find((one) => one.session === session);
    return row === undefined ? [] : [...row.pins, ...row.weakPins];
  }

  /** Closes the other clients. */
  async disconnectAllBut(kept: Connection): Promise<void> {
    for (const connection of this.#connections) if (connection !== kept) connection.destroy();
    await until('the sessions end', async () => ((await this.sessions()).length === 1 ? true : null), 10_000);
  }

  /** Closes the clients and waits until their sessions are gone. */
  async disconnectAll(): Promise<void> {
    for (const connection of this.#connections.splice(0)) connection.destroy();
    await until('the sessions end', async () => ((await this.sessions()).length === 0 ? true : null), 10_000);
  }

  /**
   * What has to hold whenever no command runs: sessions rest, each backend in use has a holder that says so too, nothing
   * that could not be understood was logged; and a hold drains, so that no backend is counted twice or for ever.
   */
  async checkInvariants(): Promise<void> {
    await until(
      'the sessions rest',
      async () => {
        const sessions = await this.sessions();
        return sessions.every(({ state }) => state === 'IDLE') ? true : null;
      },
      5000,
    );
    let backends: BackendRows = [];
    const held = await until(
      'sessions and backends agree',
      async () => {
        const [sessions, rows] = await Promise.all([this.sessions(), this.backends()]);
        backends = rows;
        const ofSessions = sessions.flatMap(({ session, node }) => (node === null ? [] : [session]));
        const ofBackends = rows.flatMap(({ session, state }) => (state === 'HELD' ? [session] : []));
        return isDeepStrictEqual(new Set(ofSessions), new Set(ofBackends)) ? ofBackends : null;
      },
      5000,
    );
    expect(held).not.toContain(null);
    expect(this.log.filter(({ level }) => level === 'error')).toEqual([]);
    if ((await this.blocking()).length > 0) return;
    const active = backends[0]?.node;
    const { gate } = await this.plane.stats(POOL);
    if (active === undefined || gate !== 'OPEN') return;
    await this.hold();
    expect(await this.drained(3000)).toEqual({ drained: true });
    await this.release(active);
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections.splice(0)) connection.destroy();
    await this.#running.stop(0);
  }
}

/** Starts a data plane in front of the servers; node names are the servers' names. */
export async function startPlane(options: TestPlaneOptions): Promise<TestPlane> {
  const { nodes, listen, active, nodeTls = null, nodeProxyProtocol: proxyProtocol = false, ...rest } = options;
  const log: LogLine[] = [];
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const pool: PoolOptions = {
      name: POOL,
      listen: listen ?? [{ host: '127.0.0.1', port }],
      maxClients: 1000,
      tls: null,
      nodes: nodes.map(({ name, host, port: nodePort }) => ({
        name,
        host,
        port: nodePort,
        tls: nodeTls,
        proxyProtocol,
      })),
      proxyProtocol: null,
      users: [{ name: ACCOUNTS.app.user, password: ACCOUNTS.app.password }],
      hold: { maxMs: 10_000, clients: 1000, bytes: 64 << 20 },
      backend: { min: 1, max: 8 },
      ...rest,
    };
    const running = await startDataPlane({ pools: [pool] }, 0, (level, message, fields) =>
      log.push({ level, message, fields }),
    );
    const node = active === undefined ? (nodes[0]?.name ?? null) : active;
    await running.plane.activate(POOL, node === null ? null : { node, epoch: 1 });
    try {
      await running.listen();
    } catch (error) {
      if (attempt === 5 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      continue;
    }
    return new TestPlane(running, port, log);
  }
}

/** Resolves when the promise does not settle within `ms`; else with what it settled to. */
export async function staysPending<T>(promise: Promise<T>, ms = 150): Promise<'pending' | T> {
  return Promise.race([promise, sleep(ms).then(() => 'pending' as const)]);
}
