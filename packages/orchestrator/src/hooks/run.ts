import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '../clock';
import { messageOf } from '../errors';
import type { CommandOptions } from '../options';

/** What a command may say: more is thrown away. */
const MOST_BYTES = 16 * 1024;
/** For what it wrote to arrive once it has ended. */
const LAST_WORDS_MS = 100;

export interface CommandResult {
  /** It ended by itself, with exit code 0. */
  readonly ok: boolean;
  /** What happened, as a sentence. */
  readonly told: string;
  /** The beginning of what it wrote to stdout and stderr. */
  readonly output: string;
}

/** Who follows a command while it runs. */
export interface Follower {
  /** Each line that it writes to stdout or stderr, as far as it is not longer than 1000 characters. */
  readonly onLine?: (line: string) => void;
  /** It is killed, with all that it started. */
  readonly abort?: AbortSignal;
}

/** Facts go to stdin as one JSON object; what scripts need most often are variables too, by these names with MYSWITCH_ before. */
export interface Facts {
  readonly event: string;
  readonly pool: string;
  readonly [fact: string]: unknown;
}

/**
 * Runs an operator's command without a shell, in a process group of its own, which is killed as a whole when its time is over. Of our own
 * environment, which may hold passwords, it gets PATH and the like alone. Never rejects.
 */
export function runCommand(
  { command, timeoutMs }: CommandOptions,
  facts: Facts,
  clock: Clock,
  { onLine = () => undefined, abort }: Follower = {},
): Promise<CommandResult> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    let child: ChildProcessWithoutNullStreams;
    try {
      child = spawn(program, args, { detached: true, env: environment(facts), stdio: 'pipe' });
    } catch (error) {
      return resolve({ ok: false, told: `${program} could not be started: ${messageOf(error)}`, output: '' });
    }
    // EMFILE: where no file descriptor is left, there are no pipes either
    if ((child.stdin as unknown) === undefined) {
      child.once('error', ({ message }) =>
        resolve({ ok: false, told: `${program} could not be started: ${message}`, output: '' }),
      );
      return;
    }
    const output = new Output();
    let cancel = (): void => undefined;
    const onAbort = (): void => {
      killGroup(child.pid);
      end(false, `${program} was killed: stopped by the operator`);
    };
    const end = (ok: boolean, told: string): void => {
      cancel();
      abort?.removeEventListener('abort', onAbort);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ ok, told, output: output.text });
    };
    child.once('error', (error) => end(false, `${program} could not be started: ${messageOf(error)}`));
    // one that does not read its input is no failure
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${JSON.stringify(facts)}\n`);
    for (const stream of ['stdout', 'stderr'] as const) {
      const lines = new Lines(onLine);
      child[stream].on('data', (chunk: Buffer) => {
        output.add(chunk);
        lines.add(chunk);
      });
      child[stream].on('end', () => lines.end());
    }
    child.once('exit', (code, signal) => {
      const told = code === 0 ? `${program} is done` : `${program} ended with ${signal ?? `exit code ${code}`}`;
      child.once('close', () => end(code === 0, told));
      // a daemon that it started may keep its pipes open
      cancel();
      cancel = clock.timer(LAST_WORDS_MS, () => end(code === 0, told));
    });
    cancel = clock.timer(timeoutMs, () => {
      killGroup(child.pid);
      end(false, `${program} was killed: it took longer than ${timeoutMs} ms`);
    });
    abort?.addEventListener('abort', onAbort);
    if (abort?.aborted === true) onAbort();
  });
}

/** A variable may not be longer; the JSON has all. */
const LONGEST = 4096;
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LANG', 'TZ'] as const;

function environment(facts: Facts): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const name of PASSED_ON) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  for (const [name, value] of Object.entries(facts)) {
    if ((typeof value === 'string' && value.length <= LONGEST) || typeof value === 'number') {
      env[`MYSWITCH_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`] = String(value);
    }
  }
  return env;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has just ended
  }
}

class Output {
  readonly #chunks: Buffer[] = [];
  #left = MOST_BYTES;

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8').trim();
  }

  add(chunk: Buffer): void {
    const kept = chunk.subarray(0, this.#left);
    this.#left -= kept.length;
    if (kept.length > 0) this.#chunks.push(kept);
  }
}

const LONGEST_LINE = 1000;

/** Cuts what arrives into lines, and lines that are too long short. */
class Lines {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #line = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(chunk: Buffer): void {
    const [first = '', ...more] = this.#decoder.write(chunk).split(/[\r\n]/);
    this.#more(first);
    for (const part of more) {
      this.end();
      this.#more(part);
    }
  }

  end(): void {
    if (this.#line.trim() !== '') this.#onLine(this.#line.trim());
    this.#line = '';
  }

  #more(part: string): void {
    this.#line += part.slice(0, LONGEST_LINE - this.#line.length);
  }
}
