import { randomInt } from 'node:crypto';

/** A new one for each run, told on its output; MYSWITCH_FUZZ_SEED repeats a run. */
export function fuzzSeed(): number {
  const given = Number(process.env['MYSWITCH_FUZZ_SEED'] ?? '');
  return given > 0 ? given >>> 0 : randomInt(1, 2 ** 31);
}
