import { TestkitError, TestkitErrorCode } from './errors';

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is not null; throws TIMEOUT naming what was waited for. */
export async function until<T>(what: string, ask: () => Promise<T | null>, withinMs = 30_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > deadline) throw new TestkitError(TestkitErrorCode.TIMEOUT, `${what}: not within ${withinMs} ms`);
    await sleep(20);
  }
}
