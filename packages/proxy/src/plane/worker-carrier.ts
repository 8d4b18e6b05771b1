import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import path from 'node:path';
import type { PasswordKey } from '../accounts/password-key';
import { systemClock } from '../clock';
import { ProxyError } from '../errors';
import type { Log } from '../errors';
import type { ProxyOptions } from '../options';
import type { KillOutcome } from '../pool/peers';
import type { SessionIds } from '../session/session-id';
import type { ProcessPeers } from './process-peers';
import type { CallName, Calls, Carrier, FromWorker, Question, ToWorker } from './messages';

const PING_MS = 1000;
/** A worker that leaves so many pings unanswered hangs: it is ended, so that what waits for it goes on. */
const MAX_UNANSWERED = 5;

interface Pending {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** A worker process. */
export class WorkerCarrier implements Carrier {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #log: Log;
  readonly #peers: ProcessPeers;
  #lastCall = 0;
  #unanswered = 0;

  /** Starts a worker and configures it. Passwords travel over the process's private channel, never in its environment. */
  static start(
    options: ProxyOptions,
    ids: SessionIds,
    key: PasswordKey,
    log: Log,
    peers: ProcessPeers,
    ended: (worker: WorkerCarrier) => void,
  ): Promise<WorkerCarrier> {
    // a larger nursery: what a command allocates is dead before it is looked at
    const execArgv = ['--max-semi-space-size=32'];
    cluster.setupPrimary({ exec: path.join(__dirname, 'worker.js'), args: [], execArgv, serialization: 'advanced' });
    const worker = cluster.fork();
    return new Promise((resolve, reject) => {
      const carrier = new WorkerCarrier(worker, log, peers, () => {
        carrier.#send({ kind: 'configure', options, first: ids.first, step: ids.step, key });
        carrier.#watch();
        resolve(carrier);
      });
      worker.once('exit', (code, signal) => {
        const error = new ProxyError('ILLEGAL_STATE', `worker ${worker.process.pid} ended (${signal ?? code})`);
        for (const pending of carrier.#pending.values()) pending.reject(error);
        carrier.#pending.clear();
        peers.ended();
        reject(error);
        ended(carrier);
      });
    });
  }

  private constructor(worker: Worker, log: Log, peers: ProcessPeers, up: () => void) {
    this.#worker = worker;
    this.#log = log;
    this.#peers = peers;
    // a message to a worker that has just died fails here too; its end is told by 'exit'
    worker.on('error', (error) => log('warn', 'a worker can not be reached', { error: error.message }));
    worker.on('message', (message: FromWorker) => {
      this.#unanswered = 0;
      switch (message.kind) {
        case 'up':
          return up();
        case 'pong':
          return undefined;
        case 'log':
          return log(message.level, message.message, message.fields);
        case 'ask':
          return void this.#ask(message.id, message.question);
        case 'proved':
          return this.#peers.proved(message.proof);
        case 'give':
          return this.#peers.givePermit(message.key);
        case 'answer':
          return this.#take(message.id)?.resolve(message.answer as never);
        case 'error':
          return this.#take(message.id)?.reject(new ProxyError('ILLEGAL_STATE', message.message));
      }
    });
  }

  get pid(): number | undefined {
    return this.#worker.process.pid;
  }

  call<N extends CallName>(name: N, ...args: Calls[N]['args']): Promise<Calls[N]['answer']> {
    const id = ++this.#lastCall;
    return new Promise((resolve, reject) => {
      if (this.#worker.isDead()) return reject(new ProxyError('ILLEGAL_STATE', `worker ${this.pid} is gone`));
      this.#pending.set(id, { resolve, reject }); // its end rejects it, if that is under way already
      if (this.#worker.isConnected()) this.#send({ kind: 'call', id, name, args });
    });
  }

  /** Ends the process at once. */
  end(): void {
    this.#worker.process.kill('SIGKILL');
  }

  #watch(): void {
    systemClock.timer(() => {
      if (this.#worker.isDead()) return;
      if (this.#unanswered >= MAX_UNANSWERED) {
        this.#log('error', 'a worker hangs and is ended', { worker: this.pid });
        return this.end();
      }
      this.#unanswered++;
      if (this.#worker.isConnected()) this.#send({ kind: 'ping' });
      this.#watch();
    }, PING_MS);
  }

  async #ask(id: number, question: Question): Promise<void> {
    const answer = await this.#answer(question);
    if (this.#worker.isConnected()) this.#send({ kind: 'told', id, answer });
  }

  #answer(question: Question): Promise<KillOutcome | boolean> {
    if (question.kind === 'permit') return this.#peers.takePermit(question.request);
    // a process that can't be reached has ended, and its sessions with it
    return this.#peers.killSession(question.request).catch(() => 'UNKNOWN' as const);
  }

  #send(message: ToWorker): void {
    this.#worker.send(message);
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }
}
