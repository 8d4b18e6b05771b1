import { ProtocolError } from '@myswitch/protocol';
import { Random } from './random';
import type { Target } from './target';
import { CLIENT_TARGETS } from './targets-client';
import { SERVER_TARGETS } from './targets-server';
import { SQL_TARGETS } from './targets-sql';

const TARGETS: readonly Target[] = [...CLIENT_TARGETS, ...SERVER_TARGETS, ...SQL_TARGETS];
const WEIGHT = TARGETS.reduce((sum, { weight }) => sum + weight, 0);
/** An input that takes so long, twice, is one that a peer can stop the process with: the longest are 128 KiB of SQL, read five times. */
const TOO_LONG_MS = 1000;
/** One in so many has nothing wrong with it, which shows that the generators make what they say. */
const SOUND = 16;

/** What was opened, such as a decompression that failed, is closed in the next turn of the event loop. */
const TURN = 100;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What was tried, and how much of it was refused. */
export interface Figures {
  inputs: number;
  refused: number;
  slowestMs: number;
  readonly byTarget: Record<string, { inputs: number; ms: number }>;
  /** The first of each target, with its seed. */
  readonly failures: Record<string, string>;
}

/** Gives `inputs` inputs, the first made from `seed`, to codecs and state machines.  */
export async function fuzzInProcess(seed: number, inputs: number): Promise<Figures> {
  const figures: Figures = { inputs: 0, refused: 0, slowestMs: 0, byTarget: {}, failures: {} };
  for (let i = 0; i < inputs; i++) {
    const one = (seed + i) >>> 0;
    let took = timed(one, figures);
    if (took > TOO_LONG_MS) took = Math.min(took, timed(one, figures));
    if (took > TOO_LONG_MS) figures.failures[targetOf(new Random(one)).name] ??= `seed ${one}: ${took.toFixed(0)} ms`;
    figures.slowestMs = Math.max(figures.slowestMs, took);
    if (i % TURN === 0) await nextTurn();
  }
  return figures;
}

function timed(seed: number, figures: Figures): number {
  const random = new Random(seed);
  const target = targetOf(random);
  const sound = random.once(SOUND);
  const start = performance.now();
  figures.inputs++;
  const share = (figures.byTarget[target.name] ??= { inputs: 0, ms: 0 });
  share.inputs++;
  try {
    target.run(random, sound);
  } catch (error) {
    if (error instanceof ProtocolError && !sound) figures.refused++;
    else figures.failures[target.name] ??= `seed ${seed}${sound ? ', sound' : ''}: ${(error as Error).stack}`;
  }
  const took = performance.now() - start;
  share.ms += took;
  return took;
}

function targetOf(random: Random): Target {
  let at = (random.u32() / 2 ** 32) * WEIGHT;
  return TARGETS.find(({ weight }) => (at -= weight) < 0) ?? TARGETS[0]!;
}
