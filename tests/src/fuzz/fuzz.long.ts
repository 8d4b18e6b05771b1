import { heapInUse } from './heap';
import { fuzzInProcess } from './in-process';
import { fuzzSeed } from './seed';

const MIB = 1 << 20;
const seed = fuzzSeed();

test(
  `codecs and state machines (seed ${seed})`,
  () => {
    const before = heapInUse();
    const peak = process.resourceUsage().maxRSS;
    const start = performance.now();
    const { failures, inputs, refused, slowestMs, byTarget } = fuzzInProcess(seed, 1_000_000);
    const seconds = (performance.now() - start) / 1000;
    process.stdout.write(
      `codecs: ${inputs} inputs, ${refused} refused, ${seconds.toFixed(0)} s, slowest ${slowestMs.toFixed(0)} ms\n` +
        Object.entries(byTarget)
          .map(([name, one]) => `  ${name}: ${one.inputs}, ${((1000 * one.ms) / one.inputs).toFixed(0)} us each\n`)
          .join(''),
    );
    expect(failures).toEqual({});
    expect(refused).toBeGreaterThan(0.2 * inputs);
    expect(heapInUse() - before).toBeLessThan(20 * MIB);
    // an absurd count that is believed for a moment leaves its trace here
    expect(process.resourceUsage().maxRSS - peak).toBeLessThan((400 * MIB) / 1024);
  },
  10 * 60_000,
);
