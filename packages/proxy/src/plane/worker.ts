import cluster from 'node:cluster';
import { systemClock } from '../clock';
import type { Log } from '../errors';
import { Proxy } from '../proxy';
import { LocalCarrier } from './local-carrier';
import type { KillOutcome, Peers } from '../pool/peers';
import type { FromWorker, Question, ToWorker } from './messages';

/*
 * Entry point of a worker process: a proxy that does what the main process calls for. Its parent's end is its own: without
 * a control plane nobody would end a hold or move the clients.
 */

let carrier: LocalCarrier | null = null;

function send(message: FromWorker): void {
  if (process.connected) process.send!(message);
}

const log: Log = (level, message, fields) =>
  send({ kind: 'log', level, message, fields: { ...fields, worker: process.pid } });

const asked = new Map<number, (answer: never) => void>();
let lastAsked = 0;

/** The other workers are reached by way of the main process. */
const peers: Peers = {
  killSession: (request) => ask<KillOutcome>({ kind: 'kill', request }),
  takePermit: (request) => ask<boolean>({ kind: 'permit', request }),
  proved: (proof) => send({ kind: 'proved', proof }),
  givePermit: (key) => send({ kind: 'give', key }),
};

function ask<T>(question: Question): Promise<T> {
  const id = ++lastAsked;
  return new Promise((resolve) => {
    asked.set(id, resolve);
    send({ kind: 'ask', id, question });
  });
}

process.on('message', (message: ToWorker) => {
  if (message.kind === 'configure') {
    carrier = new LocalCarrier(
      new Proxy(message.options, { first: message.first, step: message.step }, systemClock, log, peers, message.key),
    );
    return;
  }
  if (message.kind === 'ping') return send({ kind: 'pong' });
  if (message.kind === 'told') {
    asked.get(message.id)?.(message.answer as never);
    asked.delete(message.id);
    return;
  }
  carrier!.call(message.name, ...(message.args as never)).then(
    (answer) => send({ kind: 'answer', id: message.id, answer }),
    (error: Error) => send({ kind: 'error', id: message.id, message: error.message }),
  );
});
process.on('disconnect', () => process.exit(0));
// what was being sent when that happened
cluster.worker?.on('error', () => process.exit(0));
// a terminal's Ctrl-C goes to the whole group; the main process decides what it means
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
send({ kind: 'up' });
