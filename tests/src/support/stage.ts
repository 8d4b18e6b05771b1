import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import {
  ACCOUNTS,
  type Cluster,
  type ClusterOptions,
  type Kind,
  type MySwitch,
  type PoolConfig,
  type TestServer,
  Workload,
  checkLedger,
  createCluster,
  createLedger,
  poolConfig,
  startMySwitch,
  until,
} from '@myswitch/testkit';

const CLIENTS = 32;

/** What `switch --json` prints, as far as tests read it. */
export interface Flight {
  readonly id: string;
  readonly result: 'switched' | 'refused' | 'rolled-back' | 'failed';
  readonly from: string;
  readonly to: string;
  readonly holdMs: number | null;
  readonly drainMs: number | null;
  readonly stallMs: { readonly p50: number | null; readonly p99: number | null; readonly max: number | null };
  readonly moved: number;
  readonly killed: number;
  readonly steps: readonly { readonly name: string; readonly ok: boolean }[];
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

interface Check {
  readonly answer: 'go' | 'refuse';
  readonly guardrails: readonly { readonly code: string; readonly ok: boolean; readonly message: string }[];
}

interface Status {
  readonly pools: readonly {
    readonly active: string | null;
    readonly gate: string;
    readonly nodes: readonly { readonly name: string; readonly readOnly: boolean | null }[];
  }[];
}

/** Real servers and the real program, as an operator has them. */
export class Stage {
  readonly cluster: Cluster;
  readonly mySwitch: MySwitch;
  readonly port: number;
  private admin: Connection;
  private readonly adminPort: number;

  private constructor(cluster: Cluster, mySwitch: MySwitch, ports: PoolConfig['ports'], admin: Connection) {
    this.cluster = cluster;
    this.mySwitch = mySwitch;
    this.port = ports.pool;
    this.admin = admin;
    this.adminPort = ports.admin;
  }

  /** Ends the program as a crash would, and starts it again. */
  async restart(meanwhile: () => Promise<void>): Promise<void> {
    await this.mySwitch.kill9();
    this.admin.destroy();
    await meanwhile();
    await this.mySwitch.start();
    this.admin = await connectAdmin(this.adminPort);
  }

  static async set(kind: Kind, options: Partial<ClusterOptions> = {}, pool = {}, workers = 2): Promise<Stage> {
    return Stage.on(await createCluster({ kind, replicas: 1, ...options }), pool, workers);
  }

  static async on(cluster: Cluster, pool = {}, workers = 2): Promise<Stage> {
    await createLedger(cluster.nodes[0]!);
    const { config, ports } = await poolConfig(cluster, pool, workers);
    const mySwitch = await startMySwitch({ config });
    return new Stage(cluster, mySwitch, ports, await connectAdmin(ports.admin));
  }

  async strike(): Promise<void> {
    this.admin.destroy();
    await this.mySwitch.stop();
    for (const server of this.cluster.nodes) await server.remove();
  }

  node(name: string): TestServer {
    const server = this.cluster.nodes.find((candidate) => candidate.name === name);
    if (server === undefined) throw new RangeError(`no node ${name}`);
    return server;
  }

  /** For mysql2, through MySwitch. */
  get app(): { host: string; port: number; user: string; password: string; database: string } {
    const { user, password } = ACCOUNTS.app;
    return { host: '127.0.0.1', port: this.port, user, password, database: 'shop' };
  }

  workload(rate: number): Workload {
    const { database: _, ...connection } = this.app;
    return new Workload({ connection, clients: CLIENTS, rate });
  }

  /** `npx myswitch switch shop …`. */
  async switch(...args: string[]): Promise<{ code: number | null; flight: Flight; stderr: string }> {
    const { code, json, stderr } = await this.mySwitch.cli('switch', 'shop', ...args, '--json');
    return { code, flight: json as Flight, stderr };
  }

  async check(to: string): Promise<{ code: number | null; check: Check }> {
    const { code, json } = await this.mySwitch.cli('check', 'shop', '--to', to, '--json');
    return { code, check: json as Check };
  }

  /** `SHOW what` at the admin port. */
  async show(what: string): Promise<RowDataPacket[]> {
    const [rows] = await this.admin.query<RowDataPacket[]>(`SHOW ${what}`);
    return rows;
  }

  /** Resolves when a switch holds the pool's new work. */
  async held(): Promise<void> {
    await until('the gate is held', async () => {
      const rows = await this.show('POOLS');
      return rows[0]?.['gate'] === 'OPEN' ? null : true;
    });
  }

  async status(): Promise<Status['pools'][number]> {
    const { json } = await this.mySwitch.cli('status', 'shop', '--json');
    return (json as Status).pools[0]!;
  }

  /** Resolves when every guardrail lets the pool go to `to`; throws with the last refusal. */
  async fitFor(to: string): Promise<void> {
    let refused = '';
    await until(`${to} is fit`, async () => {
      const { check } = await this.check(to);
      refused = check.guardrails.flatMap(({ ok, code, message }) => (ok ? [] : [`${code}: ${message}`])).join('\n');
      return check.answer === 'go' ? true : null;
    }).catch((error: Error) => {
      throw new Error(`${error.message}: ${refused}`);
    });
  }

  /** The ledger is right on every node, once replication has caught up. Returns what is wrong. */
  async ledgerProblems(workload: Workload): Promise<string[]> {
    const problems: string[] = [];
    for (const server of this.cluster.nodes) {
      const { problem } = await checkLedger(server, workload);
      if (problem !== null) problems.push(problem);
    }
    return problems;
  }
}

const connectAdmin = (port: number): Promise<Connection> =>
  createConnection({ host: '127.0.0.1', port, user: 'admin', password: 'admin-secret' });
