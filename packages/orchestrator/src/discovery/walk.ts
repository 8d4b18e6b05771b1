import { formatAddress, type Address } from '../link/address';
import type { Clock } from '../clock';
import { messageOf, ServerError, UnreachableError } from '../errors';
import { compareAddresses, keyOf } from './addresses';
import { AnswerState, type Answer, type Answers, type Asked, type Server } from './answer';
import { inTurn } from './in-turn';
import { findTree } from './tree';

export interface WalkLimits {
  /** Addresses that are asked. */
  readonly addresses: number;
  /** At the same time. */
  readonly concurrency: number;
  /** For one address. */
  readonly timeoutMs: number;
}

/** Asks one server about itself; rejects with UnreachableError, UnknownOutcomeError or ServerError. */
export type Ask = (address: Address, timeoutMs: number) => Promise<Server>;

/**
 * Asks the server at `start`, then those that it names, and so on, until nobody names a new one or a limit is reached. It goes in
 * rounds, and what a round asks depends on the answers alone, not on who answered first: the same tree is always walked the same way.
 */
export async function walk(start: Address, ask: Ask, limits: WalkLimits, clock: Clock): Promise<Answers> {
  const answers = new Map<string, Asked>();
  let wanted: readonly Address[] = [start];
  while (wanted.length > 0) {
    const room = limits.addresses - answers.size;
    const now = wanted.slice(0, room);
    const found = await inTurn(now, limits.concurrency, (address) => askInTime(address, ask, limits.timeoutMs, clock));
    for (const asked of found) {
      answers.set(keyOf(asked.address), asked);
    }
    const beyond = wanted.slice(room, room + limits.addresses);
    if (beyond.length > 0) {
      const answer = {
        state: AnswerState.NOT_ASKED,
        reason: `the walk ends at ${limits.addresses} addresses`,
      } as const;
      for (const address of beyond) {
        answers.set(keyOf(address), { address, answer });
      }
      return answers;
    }
    wanted = namedBy(findTree(start, answers).named, answers);
  }
  return answers;
}

/** Those that were not asked, once each, in an order of their own. */
function namedBy(named: readonly Address[], answers: Answers): readonly Address[] {
  const fresh = new Map(named.filter((each) => !answers.has(keyOf(each))).map((each) => [keyOf(each), each]));
  return [...fresh.values()].sort(compareAddresses);
}

/** The deadline is kept here too: whoever asks may hang. */
async function askInTime(address: Address, ask: Ask, timeoutMs: number, clock: Clock): Promise<Asked> {
  let cancel = (): void => undefined;
  const late = new Promise<Answer>((resolve) => {
    cancel = clock.timer(timeoutMs, () =>
      resolve({
        state: AnswerState.UNREACHABLE,
        reason: `${formatAddress(address)}: no answer within ${timeoutMs} ms`,
      }),
    );
  });
  const asked = ask(address, timeoutMs).then(
    (server): Answer => ({ state: AnswerState.ANSWERED, server }),
    (error: unknown): Answer => ({ state: stateAfter(error), reason: messageOf(error) }),
  );
  const answer = await Promise.race([asked, late]);
  cancel();
  return { address, answer };
}

function stateAfter(error: unknown): Exclude<AnswerState, typeof AnswerState.ANSWERED> {
  const refused = error instanceof ServerError || (error instanceof UnreachableError && error.errno !== null);
  return refused ? AnswerState.REFUSED : AnswerState.UNREACHABLE;
}
