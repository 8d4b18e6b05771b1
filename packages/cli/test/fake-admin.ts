import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdminServer } from '../../orchestrator/src/admin';
import { FakeControlPlane, fakePlane, portOf } from '../../orchestrator/test/admin/fakes';

const BIN = join(__dirname, '..', 'bin', 'run.js');
const silent = () => undefined;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An admin port whose control plane does what the test says, a configuration that leads to it, and the built command. */
export class FakeAdmin {
  readonly control = new FakeControlPlane();
  readonly #directory = mkdtempSync(join(tmpdir(), 'myswitch-cli-'));
  readonly #server = new AdminServer({
    user: 'admin',
    password: 'hush',
    control: this.control,
    plane: fakePlane,
    pools: ['shop'],
    variables: new Map(),
    log: silent,
  });
  /** between the command and the admin port, so that a test can cut the line */
  readonly #line = createServer((socket) => this.#relay(socket));
  readonly #sockets = new Set<Socket>();
  #adminPort = 0;
  port = 0;

  async start(): Promise<void> {
    this.#adminPort = portOf(await this.#server.listen({ host: '127.0.0.1', port: 0 }));
    await new Promise<void>((resolve) => this.#line.listen(0, '127.0.0.1', resolve));
    this.port = portOf(this.#line.address());
  }

  async stop(): Promise<void> {
    this.cutLine();
    await new Promise((resolve) => this.#line.close(resolve));
    await this.#server.close();
    rmSync(this.#directory, { recursive: true });
  }

  cutLine(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Path of a configuration whose admin port is this one. */
  config(password = 'hush', port = this.port): string {
    const file = join(this.#directory, `${password}-${port}.yaml`);
    writeFileSync(
      file,
      `admin: { listen: 127.0.0.1:${port}, password: ${password} }
pools:
  - name: shop
    listen: 127.0.0.1:13307
    nodes: [{ name: db1, address: 127.0.0.1:13316 }, { name: db2, address: 127.0.0.1:13326 }]
    control: { user: m, password: { env: NOT_SET } }
    users: [{ name: app, password: { file: ./nowhere } }]
`,
    );
    return file;
  }

  /** Runs the command with `--config`, without a terminal. */
  run(...args: string[]): Promise<Ran> {
    return run([BIN, ...args, '--config', this.config()]).ended;
  }

  /** Runs it and interrupts it, as Ctrl-C does, when the switch has begun. */
  runAndInterrupt(...args: string[]): Promise<Ran> {
    const { child, ended } = run([BIN, ...args, '--config', this.config()]);
    this.control.started = () => child.kill('SIGINT');
    return ended;
  }

  /** Runs it on a terminal on which `typed` is typed once it asks. */
  runOnTerminal(typed: string, ...args: string[]): Promise<Ran> {
    const command = [process.execPath, BIN, ...args, '--config', this.config()].join(' ');
    const { child, ended } = run(['-qec', command, '/dev/null'], 'script');
    child.stdout.on('data', (chunk: Uint8Array) => {
      if (/\[y\/N\]|Type its name/.test(String(chunk))) child.stdin.end(typed);
    });
    return ended;
  }

  #relay(socket: Socket): void {
    const upstream = connect(this.#adminPort, '127.0.0.1');
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}

export function run(args: readonly string[], program = process.execPath) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}
