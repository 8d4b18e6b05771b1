import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect } from 'node:net';
import { formatAddress } from '../link/address';
import type { Clock } from '../clock';
import { messageOf } from '../errors';
import type { CheckpointOptions } from '../options';
import type { CheckpointReport } from '../report';

const DEADLINE_MS = 1000;
/** Of a server's greeting; an error instead of one (too many connections) is an answer too. */
const PROTOCOL = 10;
const ERROR = 0xff;

/** Asks every checkpoint at once, each within a second. Never rejects. */
export function askCheckpoints(
  checkpoints: readonly CheckpointOptions[],
  clock: Clock,
): Promise<readonly CheckpointReport[]> {
  return Promise.all(
    checkpoints.map(async (checkpoint) => {
      const what = { place: checkpoint.place, what: nameOf(checkpoint) };
      const end = new AbortController();
      const cancel = clock.timer(DEADLINE_MS, () => end.abort());
      try {
        return { ...what, ok: true, message: await ask(checkpoint, end.signal) };
      } catch (error) {
        const message = end.signal.aborted ? `no answer within ${DEADLINE_MS} ms` : messageOf(error);
        return { ...what, ok: false, message };
      } finally {
        cancel();
        end.abort();
      }
    }),
  );
}

/** Null: at least one answers, or there is none to ask; else that this site is cut off. */
export function cutOff(answers: readonly CheckpointReport[]): string | null {
  if (answers.length === 0 || answers.some(({ ok }) => ok)) {
    return null;
  }
  const told = answers.map(({ place, what, message }) => `${what} (${place}): ${message}`).join('; ');
  return `no checkpoint answers, so it is this site that is cut off: ${told}`;
}

const nameOf = (checkpoint: CheckpointOptions): string =>
  checkpoint.kind === 'http' ? checkpoint.url : `${checkpoint.kind} ${formatAddress(checkpoint)}`;

function ask(checkpoint: CheckpointOptions, signal: AbortSignal): Promise<string> {
  switch (checkpoint.kind) {
    case 'tcp':
      return dial(checkpoint, signal, false);
    case 'mysql':
      return dial(checkpoint, signal, true);
    case 'http':
      return get(checkpoint.url, signal);
  }
  return checkpoint satisfies never;
}

function dial(
  { host, port }: { readonly host: string; readonly port: number },
  signal: AbortSignal,
  greets: boolean,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    const end = (settle: () => void): void => {
      socket.destroy();
      settle();
    };
    let read = Buffer.alloc(0);
    socket.on('error', (error) => end(() => reject(error)));
    socket.on('close', () => reject(new Error('it hung up')));
    socket.on('connect', () => {
      if (!greets) end(() => resolve('it accepts connections'));
    });
    socket.on('data', (chunk: Buffer) => {
      read = Buffer.concat([read, chunk.subarray(0, 5)]);
      const first = read[4];
      if (first === undefined) return;
      const isServer = first === PROTOCOL || first === ERROR;
      end(() => (isServer ? resolve('it greets as a database server') : reject(new Error('it is no database server'))));
    });
  });
}

/** Any page will do, but not the excuse of a gateway for what is behind it. */
function get(url: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? requestTls : request;
    const sent = send(url, { signal, method: 'GET', agent: false }, (answer) => {
      const { statusCode = 0 } = answer;
      answer.destroy();
      if (statusCode < 500) resolve(`it answers ${statusCode}`);
      else reject(new Error(`it answers ${statusCode}`));
    });
    sent.on('error', reject);
    sent.end();
  });
}
