import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { CryptQuestion } from './check-thread';

/** The build's, also where this file runs from its source: a thread can't load that. */
const FILE = path.join(__dirname, '..', '..', 'dist', 'accounts', 'check-thread.js');

/** One question at a time, answered by a thread of its own that starts with the first one. */
export class CheckThread {
  #worker: Worker | null = null;
  #settle: { resolve: (fits: boolean) => void; reject: (error: Error) => void } | null = null;

  ask(question: CryptQuestion): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#worker ??= this.#start();
      this.#worker.postMessage(question, []);
    });
  }

  stop(): void {
    void this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(FILE);
    worker.unref();
    worker.on('message', (fits: boolean) => this.#settle?.resolve(fits));
    worker.on('error', (error: Error) => this.#ended(worker, error));
    worker.on('exit', () => this.#ended(worker, new Error('a thread ended')));
    return worker;
  }

  #ended(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return; // an error is followed by the end
    this.#worker = null;
    this.#settle?.reject(error);
  }
}
