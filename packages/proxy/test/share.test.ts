import type { PoolOptions, ProxyOptions } from '../src/options';
import { shareFor } from '../src/plane/share';

const options = {
  pools: [{ name: 'shop', maxClients: 10, hold: { maxMs: 1, clients: 7, bytes: 100 }, backend: { min: 2, max: 5 } }],
} as unknown as ProxyOptions;

function share(index: number, workers: number): PoolOptions {
  const [pool] = shareFor(options, index, workers).pools;
  if (pool === undefined) throw new Error('the pool is gone');
  return pool;
}

test.each([1, 2, 3, 4])('the parts of %i workers add up to the whole', (workers) => {
  const shares = Array.from({ length: workers }, (_, index) => share(index, workers));
  const sum = (of: (part: PoolOptions) => number): number => shares.reduce((all, part) => all + of(part), 0);
  expect(sum(({ maxClients }) => maxClients)).toBe(10);
  expect(sum(({ hold }) => hold.clients)).toBe(7);
  expect(sum(({ hold }) => hold.bytes)).toBe(100);
  expect(sum(({ backend }) => backend.min)).toBe(2);
  expect(sum(({ backend }) => backend.max)).toBe(5);
});

test('no worker is left without a backend or a client', () => {
  const last = share(7, 8);
  expect(last.backend.max).toBe(1);
  expect(last.maxClients).toBeGreaterThan(0);
});
