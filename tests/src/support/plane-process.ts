import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { temporaryFolder } from '@myswitch/testkit';
import type { ProxyOptions } from '@myswitch/proxy';

/** Runs the built data plane; calls come as messages. Workers are processes of their own, so this has to be one too. */
const SCRIPT = (library: string): string => `
const { startDataPlane } = require(${JSON.stringify(library)});
const cluster = require('node:cluster');
let running;
process.on('message', async ({ id, call, args }) => {
  try {
    if (call === 'start') {
      running = await startDataPlane(args[0], args[1], (level, message, fields) => process.send({ level, message, fields }));
      return process.send({ id, answer: null });
    }
    if (call === 'pids') return process.send({ id, answer: Object.values(cluster.workers).map((w) => w.process.pid) });
    const target = call === 'listen' || call === 'stop' ? running : running.plane;
    process.send({ id, answer: (await target[call](...args)) ?? null });
  } catch (error) {
    process.send({ id, error: error.message });
  }
});
process.on('disconnect', () => process.exit(0));
process.send({ up: true });
`;

interface Message {
  readonly id?: number;
  readonly answer?: unknown;
  readonly error?: string;
  readonly level?: string;
}

/** A data plane with workers, in a process of its own. */
export class PlaneProcess {
  readonly log: Message[] = [];
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  #last = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message: Message) => {
      if (message.level !== undefined) this.log.push(message);
      const pending = this.#pending.get(message.id ?? 0);
      this.#pending.delete(message.id ?? 0);
      if (message.error === undefined) pending?.resolve(message.answer);
      else pending?.reject(new Error(message.error));
    });
  }

  static async start(options: ProxyOptions, workers: number): Promise<PlaneProcess> {
    const file = join(temporaryFolder('plane'), 'plane.cjs');
    writeFileSync(file, SCRIPT(resolve(__dirname, '../../../packages/proxy/dist/index.js')));
    const child = fork(file, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await once(child, 'message');
    const plane = new PlaneProcess(child);
    await plane.call('start', options, workers);
    return plane;
  }

  call<T = unknown>(call: string, ...args: unknown[]): Promise<T> {
    const id = ++this.#last;
    return new Promise((resolvePromise, reject) => {
      this.#pending.set(id, { resolve: resolvePromise as (answer: unknown) => void, reject });
      this.#child.send({ id, call, args });
    });
  }

  async end(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}
