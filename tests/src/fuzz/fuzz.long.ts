import { describeKinds } from '../support/kinds';
import { hostileClientsTests } from './clients';
import { heapInUse } from './heap';
import { fuzzInProcess } from './in-process';
import { fuzzSeed } from './seed';
import { hostileServerTests } from './servers';

const MIB = 1 << 20;
const seed = fuzzSeed();

test(
  `codecs and state machines (seed ${seed})`,
  async () => {
    await fuzzInProcess(seed + (1 << 24), 50_000); // code that is compiled is not growth
    const before = heapInUse();
    const peak = process.resourceUsage().maxRSS;
    const start = performance.now();
    const { failures, inputs, refused, slowestMs, byTarget } = await fuzzInProcess(seed, 1_000_000);
    const seconds = (performance.now() - start) / 1000;
    const grown = heapInUse() - before;
    const peakMib = (process.resourceUsage().maxRSS - peak) / 1024;
    process.stdout.write(
      `codecs: ${inputs} inputs, ${refused} refused, ${seconds.toFixed(0)} s, slowest ${slowestMs.toFixed(0)} ms; heap ` +
        `${(grown / MIB).toFixed(1)} MiB, peak ${peakMib.toFixed(0)} MiB\n` +
        Object.entries(byTarget)
          .map(([name, one]) => `  ${name}: ${one.inputs}, ${((1000 * one.ms) / one.inputs).toFixed(0)} us each\n`)
          .join(''),
    );
    expect(failures).toEqual({});
    expect(refused).toBeGreaterThan(0.2 * inputs);
    expect(grown).toBeLessThan(20 * MIB);
    // an absurd count that is believed for a moment leaves its trace here
    expect(peakMib).toBeLessThan(400);
  },
  10 * 60_000,
);

describeKinds('fuzzed by clients', (kind) => {
  hostileClientsTests(kind, seed, { inputs: 500_000, maxMs: 90_000 });
});

describeKinds('fuzzed by a server', (kind) => {
  hostileServerTests(kind, seed, { inputs: 500_000, maxMs: 45_000 });
});
