import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestkitError, TestkitErrorCode } from './errors';
import { temporaryFolder, tie, untie } from './run-folder';

const CHECKOUT = join(__dirname, '..', '..');

const cliOf = (checkout: string): string => join(checkout, 'packages', 'cli', 'bin', 'run.js');
const READY_WITHIN_MS = 30_000;
/** As much of its output is kept. */
const OUTPUT_CHARACTERS = 1_000_000;

export interface MySwitchOptions {
  /** The text of myswitch.yaml, or an object (JSON is YAML too). */
  readonly config: string | object;
  /** Folder for myswitch.yaml; default a temporary one. */
  readonly dir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A built checkout of another state; default this one. */
  readonly checkout?: string;
}

export interface CliResult {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The object or array that `--json` printed (last); undefined when there is none. */
  readonly json: unknown;
}

/** A running `myswitch start`, and its command line. */
export class MySwitch {
  readonly dir: string;
  readonly configFile: string;
  private readonly env: NodeJS.ProcessEnv;
  private readonly checkout: string;
  private child: ChildProcess | null = null;
  private text = '';

  constructor(options: MySwitchOptions) {
    this.dir = options.dir ?? temporaryFolder('myswitch');
    mkdirSync(this.dir, { recursive: true });
    this.configFile = join(this.dir, 'myswitch.yaml');
    this.env = { ...process.env, ...options.env };
    this.checkout = options.checkout ?? CHECKOUT;
    const { config } = options;
    writeFileSync(this.configFile, typeof config === 'string' ? config : JSON.stringify(config, null, 2));
  }

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  /** stdout and stderr of all its starts. */
  get output(): string {
    return this.text;
  }

  /** Resolves when it says `ready`; throws START with its output when it ends before. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [cliOf(this.checkout), 'start', '--config', this.configFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.env,
      cwd: this.dir,
      detached: true, // a terminal's Ctrl-C is for us: we end it when we are done
    });
    this.child = child;
    const { pid } = child;
    if (pid !== undefined) tie(pid);
    child.once('exit', () => {
      if (pid !== undefined) untie(pid);
      if (this.child === child) this.child = null;
    });
    let printed = '';
    await new Promise<void>((resolve, reject) => {
      const fail = (reason: string): void => {
        clearTimeout(late);
        reject(new TestkitError(TestkitErrorCode.START, `myswitch ${reason}\n${this.text.slice(-2000)}`));
      };
      const late = setTimeout(() => fail(`was not ready within ${READY_WITHIN_MS} ms`), READY_WITHIN_MS);
      const exited = (code: number | null): void => fail(`ended with ${code} at start`);
      child.once('error', (error) => fail(error.message));
      child.once('close', exited);
      child.stderr.on('data', (chunk) => this.keep(String(chunk)));
      child.stdout.on('data', (chunk) => {
        this.keep(String(chunk));
        printed = (printed + String(chunk)).slice(-10_000);
        if (!/^ready\b/m.test(printed)) return;
        clearTimeout(late);
        child.off('close', exited);
        resolve();
      });
    });
  }

  private keep(text: string): void {
    this.text = (this.text + text).slice(-OUTPUT_CHARACTERS);
  }

  /** SIGTERM; resolves with its exit code. */
  stop(): Promise<number | null> {
    return this.end('SIGTERM');
  }

  /** As a crash would end it. */
  async kill9(): Promise<void> {
    await this.end('SIGKILL');
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const { child } = this;
    if (child === null) return null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    child.kill(signal);
    return ended;
  }

  /** Resolves when it ends by itself, with the exit code. */
  async ended(): Promise<number | null> {
    const { child } = this;
    if (child === null) return null;
    return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  }

  /** `npx myswitch ARGS --config …`. */
  cli(...args: string[]): Promise<CliResult> {
    return runCli([...args, '--config', this.configFile], this.env);
  }
}

/** The command line of this checkout; stdin is empty, so that nothing is asked. */
export async function runCli(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<CliResult> {
  const child = spawn(process.execPath, [cliOf(CHECKOUT), ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout, stderr, json: lastJson(stdout) };
}

/** The whole text, or the last part of it that begins with a line of its own. */
function lastJson(text: string): unknown {
  const lines = text.trimEnd().split('\n');
  for (let first = 0; first < lines.length; first += 1) {
    if (!/^[[{]/.test(lines[first] ?? '')) continue;
    try {
      return JSON.parse(lines.slice(first).join('\n'));
    } catch {
      // lines of progress before it
    }
  }
  return undefined;
}

/** Writes the configuration, starts it, and resolves when it is ready. */
export async function startMySwitch(options: MySwitchOptions): Promise<MySwitch> {
  const mySwitch = new MySwitch(options);
  await mySwitch.start();
  return mySwitch;
}
