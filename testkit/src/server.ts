import { type ChildProcess, type SpawnOptions, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Connection, type ConnectionOptions, type RowDataPacket, createConnection } from 'mysql2/promise';
import { createCertificates } from './certificates';
import { TestkitError, TestkitErrorCode } from './errors';
import { myCnf, TMPDIR } from './my-cnf';
import { freePort } from './ports';
import { type Kind, type ServerSoftware, provision } from './provision';
import { removeRunFolder, temporaryFolder, tie, untie } from './run-folder';
import { ROOT, dataTemplate } from './template';
import { sleep } from './time';

const run = promisify(execFile);

/** Where a server runs that is not on this machine's loopback. */
export interface ServerNetwork {
  /** The words before its command: `ip netns exec NAME`. */
  readonly enter: readonly string[];
  /** Its address there, for other servers and MySwitch. Tests speak to it over its Unix socket. */
  readonly host: string;
}

export interface ServerOptions {
  readonly kind: Kind;
  readonly serverId: number;
  /** For folder and messages; default `db<serverId>`. */
  readonly name?: string;
  /** An existing folder for its files, which then stays; default a temporary one. */
  readonly dir?: string;
  readonly port?: number;
  /** More lines for `[mysqld]` in my.cnf. */
  readonly extra?: readonly string[];
  /** A certificate for 127.0.0.1 and localhost, signed by `ca`. Without it MySQL makes its own, MariaDB has none. */
  readonly tls?: boolean;
  readonly network?: ServerNetwork;
}

/** Rows as objects. */
export type Rows = Record<string, unknown>[];

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 30_000;
const ATTEMPTS = 5;

/** One running database server of our own. */
export class TestServer {
  readonly kind: Kind;
  readonly name: string;
  readonly host: string;
  readonly serverId: number;
  readonly version: string;
  readonly dir: string;
  /** Administrator. */
  readonly root = ROOT;
  /** PEM text of the authority that signed its certificate; null without `tls`. */
  readonly ca: string | null;
  private readonly software: ServerSoftware;
  private readonly extra: string[];
  private readonly network: ServerNetwork | null;
  private readonly keepsFiles: boolean;
  private readonly fixedPort: boolean;
  private currentPort: number;
  private child: ChildProcess | null = null;

  constructor(software: ServerSoftware, options: ServerOptions, port: number) {
    this.kind = options.kind;
    this.version = software.version;
    this.serverId = options.serverId;
    this.name = options.name ?? `db${options.serverId}`;
    this.network = options.network ?? null;
    this.host = this.network?.host ?? '127.0.0.1';
    this.dir = options.dir ?? temporaryFolder(this.name);
    this.keepsFiles = options.dir !== undefined;
    this.fixedPort = options.port !== undefined;
    this.currentPort = port;
    this.software = software;
    const extra = [...(options.extra ?? [])];
    if (this.network !== null) extra.push('bind_address=*', `report_host=${this.host}`);
    this.ca = null;
    if (options.tls === true) {
      const certificates = createCertificates(this.dir);
      this.ca = certificates.ca;
      extra.push(
        `ssl_ca=${certificates.caFile}`,
        `ssl_cert=${certificates.certFile}`,
        `ssl_key=${certificates.keyFile}`,
      );
    }
    this.extra = extra;
  }

  get port(): number {
    return this.currentPort;
  }

  get errorLog(): string {
    return join(this.dir, 'error.log');
  }

  /** Unix-domain socket. */
  get socket(): string {
    return join(this.dir, 'server.sock');
  }

  /** null while it is down. */
  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  /** Brings it up (again) and resolves when it answers. */
  async start(): Promise<void> {
    if (this.child !== null) return;
    const data = join(this.dir, 'data');
    if (!existsSync(data)) {
      mkdirSync(this.dir, { recursive: true });
      await run('cp', ['-r', '--reflink=auto', await dataTemplate(this.software), data]);
    }
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.startOnce();
        return;
      } catch (error) {
        const portTaken = /address already in use/i.test(this.logTail(20));
        if (this.fixedPort || !portTaken || attempt === ATTEMPTS) throw error;
        this.currentPort = await freePort();
      }
    }
  }

  private async startOnce(): Promise<void> {
    const cnf = join(this.dir, 'my.cnf');
    const { dir, serverId, extra } = this;
    mkdirSync(join(dir, TMPDIR), { recursive: true });
    writeFileSync(cnf, myCnf(this.software, { dir, port: this.port, serverId, extra }));
    const { server } = this.software;
    const [command, ...args] = [...(this.network?.enter ?? []), server.command, ...server.args] as [
      string,
      ...string[],
    ];
    // detached: a terminal's Ctrl-C is for us, and we end it when we are done
    const options: SpawnOptions = { stdio: 'ignore', cwd: this.dir, detached: true };
    const child = spawn(command, [...args, `--defaults-file=${cnf}`], options);
    const { pid } = child;
    if (pid === undefined) {
      const [error] = await new Promise<[Error]>((resolve) => child.once('error', (reason) => resolve([reason])));
      throw new TestkitError(TestkitErrorCode.START, `${this.name}: ${error.message}`, { cause: error });
    }
    tie(pid);
    child.unref(); // a forgotten server must not keep us alive: the watchdog ends it
    child.once('exit', () => {
      untie(pid);
      if (this.child === child) this.child = null;
    });
    this.child = child;
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await this.answers())) {
      if (this.child === null) {
        throw new TestkitError(TestkitErrorCode.START, `${this.name} ended at start\n${this.logTail(8)}`);
      }
      if (Date.now() > deadline) {
        await this.kill();
        throw new TestkitError(TestkitErrorCode.START, `${this.name} does not answer\n${this.logTail(8)}`);
      }
      await sleep(25);
    }
  }

  private async answers(): Promise<boolean> {
    try {
      const connection = await this.connect({ connectTimeout: 2000 });
      connection.destroy();
      return true;
    } catch {
      return false;
    }
  }

  /** Last lines of the error log. */
  logTail(lines: number): string {
    if (!existsSync(this.errorLog)) return '';
    return readFileSync(this.errorLog, 'utf8').trim().split('\n').slice(-lines).join('\n');
  }

  /** A connection, over TCP where it is on loopback; as root unless told otherwise. */
  connect(options: ConnectionOptions = {}): Promise<Connection> {
    const { host, port, root, socket } = this;
    const where = this.network === null ? { host, port } : { socketPath: socket };
    return createConnection({ ...where, user: root.user, password: root.password, ...options });
  }

  /** One statement as root on a connection of its own, which is gone afterwards: it never counts as a bypassing session. */
  async sql(text: string, params?: unknown[]): Promise<Rows> {
    const connection = await this.connect({ multipleStatements: false });
    try {
      const [rows] = await connection.query<RowDataPacket[]>(text, params);
      return Array.isArray(rows) ? rows : [];
    } finally {
      await connection.end();
    }
  }

  /** Shuts it down as a DBA would. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** As a crash would. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { child } = this;
    if (child === null) return;
    child.ref();
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGCONT'); // a paused one would never see SIGTERM
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await ended;
    clearTimeout(late);
  }

  /** It hangs: connections stay open, nothing answers. */
  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** Adds a line to my.cnf, as a DBA would; it counts from the next start on. */
  addToMyCnf(line: string): void {
    this.extra.push(line);
  }

  /** Up again on the same port with its my.cnf, whether it runs or was killed. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Ends it and removes its files, unless the folder was given. */
  async remove(): Promise<void> {
    await this.kill();
    if (!this.keepsFiles) rmSync(this.dir, { recursive: true, force: true });
  }
}

const servers = new Set<TestServer>();

/** A fresh server that answers; see TestServer. It ends with this process at the latest. */
export async function startServer(options: ServerOptions): Promise<TestServer> {
  const software = await provision(options.kind);
  const server = new TestServer(software, options, options.port ?? (await freePort()));
  servers.add(server);
  await server.start();
  return server;
}

/** Ends everything that was started here and removes every temporary file. */
export async function cleanup(): Promise<void> {
  const all = [...servers];
  servers.clear();
  await Promise.all(all.map((server) => server.remove()));
  await removeRunFolder();
}
