import { Random } from './random';

/** What a crowd of hostile peers did. */
export interface CrowdFigures {
  peers: number;
  inputs: number;
  seconds: number;
  /** The first few, with their seeds. */
  readonly failures: string[];
}

/**
 * Lets hostile peers come and go, `width` at a time, until they have sent `inputs` messages or `maxMs` are over. `visit`
 * resolves with the number of messages that it sent.
 */
export async function crowd(
  { seed, width, inputs, maxMs }: { seed: number; width: number; inputs: number; maxMs: number },
  visit: (random: Random) => Promise<number>,
): Promise<CrowdFigures> {
  const figures: CrowdFigures = { peers: 0, inputs: 0, seconds: 0, failures: [] };
  const start = performance.now();
  const elapsed = (): number => performance.now() - start;
  const one = async (): Promise<void> => {
    while (figures.inputs < inputs && elapsed() < maxMs && figures.failures.length < 5) {
      const own = (seed + figures.peers++) >>> 0;
      try {
        const sent = await visit(new Random(own));
        figures.inputs += sent;
      } catch (error) {
        figures.failures.push(`seed ${own}: ${(error as Error).stack}`);
      }
    }
  };
  await Promise.all(Array.from({ length: width }, one));
  figures.seconds = elapsed() / 1000;
  return figures;
}
