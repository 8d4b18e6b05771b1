import { describeKinds } from '../support/kinds';
import { hostileClientsTests } from './clients';
import { heapInUse } from './heap';
import { fuzzInProcess } from './in-process';
import { fuzzSeed } from './seed';
import { hostileServerTests } from './servers';

const MIB = 1 << 20;
const seed = fuzzSeed();

test(`codecs and state machines (seed ${seed})`, async () => {
  await fuzzInProcess(seed + (1 << 24), 10_000); // code that is compiled is not growth
  const before = heapInUse();
  const figures = await fuzzInProcess(seed, 40_000);
  expect(figures.failures).toEqual({});
  expect(figures.refused).toBeGreaterThan(0.2 * figures.inputs);
  expect(heapInUse() - before).toBeLessThan(20 * MIB);
});

describeKinds('fuzzed by clients', (kind) => {
  hostileClientsTests(kind, seed, { inputs: 20_000, maxMs: 3000 });
});

describeKinds('fuzzed by a server', (kind) => {
  hostileServerTests(kind, seed, { inputs: 20_000, maxMs: 2500 });
});
