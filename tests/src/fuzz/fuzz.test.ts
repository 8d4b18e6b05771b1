import { fuzzInProcess } from './in-process';
import { fuzzSeed } from './seed';

const seed = fuzzSeed();

test(`codecs and state machines (seed ${seed})`, () => {
  const figures = fuzzInProcess(seed, 50_000);
  console.log(figures.byTarget, figures.slowestMs);
  expect(figures.failures).toEqual({});
  expect(figures.refused).toBeGreaterThan(0.2 * figures.inputs);
});
