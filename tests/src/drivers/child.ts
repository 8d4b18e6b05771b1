import { type ChildProcess, spawn } from 'node:child_process';
import { type Interface, createInterface } from 'node:readline';
import type { Runtime } from '@myswitch/testkit';
import type { Answer, Request, Session } from './driver';

/** The end of what a program printed to stderr, for messages. */
const STDERR_CHARACTERS = 2000;

/** A program of `tests/drivers`: reads requests and prints answers, a line of JSON each. */
export class ChildSession implements Session {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: ((line: string | null) => void)[] = [];
  readonly #exited: Promise<void>;
  #stderr = '';
  #how = '';
  #ended = false;

  constructor({ command, args, env }: Runtime, more: readonly string[]) {
    this.#child = spawn(command, [...args, ...more], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C.UTF-8', ...env },
    });
    this.#child.stdin!.on('error', () => undefined);
    this.#child.stderr!.on(
      'data',
      (chunk) => (this.#stderr = (this.#stderr + String(chunk)).slice(-STDERR_CHARACTERS)),
    );
    this.#lines = createInterface({ input: this.#child.stdout! });
    this.#lines.on('line', (line) => this.#waiting.shift()?.(line));
    this.#exited = new Promise((resolve) => {
      const gone = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#how = `${code ?? signal}`;
        this.#ended = true;
        for (const answer of this.#waiting.splice(0)) answer(null);
        resolve();
      };
      this.#child.once('exit', gone);
      this.#child.once('error', (error) => {
        this.#stderr += error.message;
        gone(null, null);
      });
    });
  }

  async ask(request: Request): Promise<Answer> {
    const line = await new Promise<string | null>((resolve) => {
      if (this.#ended) {
        resolve(null);
        return;
      }
      this.#waiting.push(resolve);
      this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    });
    if (line === null) throw new Error(`the program has ended with ${this.#how}: ${this.#stderr}`);
    return JSON.parse(line) as Answer;
  }

  async end(): Promise<void> {
    this.#child.stdin!.end();
    this.#child.kill('SIGKILL');
    await this.#exited;
    this.#child.stdout!.destroy();
  }
}
