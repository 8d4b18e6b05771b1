import { type Case, type Step, asStep } from './case';
import { type Ground, Way } from './ground';
import { type Pair, differentPairs } from './payloads';
import type { ProfileName } from './profiles';

/** A step that was answered otherwise than on a connection to the server itself. */
export interface Difference {
  readonly title: string;
  readonly profile: ProfileName;
  readonly way: Way;
  /** Counted from 1; 0: the login. */
  readonly number: number;
  readonly step: string;
  readonly pairs: readonly Pair[];
}

export interface Outcome {
  readonly differences: readonly Difference[];
  /** Why the session could not be moved before some step. */
  readonly pins: readonly string[];
}

const LOGIN: Step = { label: '(login)', run: () => Promise.resolve() };
const LET_IN = Buffer.from('<let in>');
const NOTHING: readonly Buffer[] = [];

/** To the login, then to each step. */
type Replies = readonly (readonly Buffer[])[];

/** Runs a case all three ways, each in schemas as fresh as the others. */
export async function runCase(ground: Ground, one: Case, profile: ProfileName): Promise<Outcome> {
  const steps = one.steps.map(asStep);
  const pins = new Set<string>();
  const direct = await go(ground, one, steps, profile, Way.DIRECT, pins);
  const differences: Difference[] = [];
  for (const way of [Way.PROXIED, Way.MOVED]) {
    const replies = await go(ground, one, steps, profile, way, pins);
    if (replies.length === 1) steps.length = 0; // not let in: nothing else to compare
    [LOGIN, ...steps].forEach((step, i) => {
      const [expected, got] = [direct[i] ?? NOTHING, replies[i] ?? NOTHING];
      if (same(expected, got, step.varies === true)) return;
      const pairs = differentPairs(expected, got);
      differences.push({ title: one.title, profile, way, number: i, step: step.label, pairs });
    });
  }
  return { differences, pins: [...pins].sort() };
}

async function go(
  ground: Ground,
  one: Case,
  steps: readonly Step[],
  profile: ProfileName,
  way: Way,
  pins: Set<string>,
): Promise<Replies> {
  await ground.fresh(one);
  const replies: (readonly Buffer[])[] = [];
  const database = one.database === undefined ? 'app_diff' : one.database;
  const speaker = await ground.connect(way, profile, database).catch((error: Error) => {
    replies.push([Buffer.from(`<${error.message}>`)]);
    return null;
  });
  if (speaker === null) return replies;
  replies.push([LET_IN]);
  try {
    for (const step of steps) {
      if (way === Way.MOVED) {
        const reason = await ground.move();
        for (const pin of reason?.split(',') ?? []) pins.add(pin);
      }
      const said = await speaker.record(step.run);
      if (way === Way.DIRECT && said.at(-1)?.toString('latin1') === '<no answer>')
        throw new Error(`${step.label}: no answer after ${said.map((p) => p.toString('hex')).join(' ')}`);
      replies.push(said);
    }
  } finally {
    speaker.close();
    await ground.home();
  }
  return replies;
}

function same(expected: readonly Buffer[], got: readonly Buffer[], byFormOnly: boolean): boolean {
  if (expected.length !== got.length) return false;
  return expected.every((payload, i) =>
    byFormOnly ? payload[0] === got[i]![0] || isText(payload) : payload.equals(got[i]!),
  );
}

/** A row or a definition: its first byte is a length. */
function isText(payload: Buffer): boolean {
  return payload[0]! > 0 && payload[0]! < 0xfb;
}
