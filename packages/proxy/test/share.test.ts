import type { ProxyOptions } from '../src/options';
import { shareFor } from '../src/plane/share';

const options = {
  pools: [{ name: 'shop', maxClients: 10, hold: { maxMs: 1, clients: 7, bytes: 100 }, backend: { min: 2, max: 5 } }],
} as unknown as ProxyOptions;

test.each([1, 2, 3, 4])('the parts of %i workers add up to the whole', (workers) => {
  const shares = Array.from({ length: workers }, (_, index) => shareFor(options, index, workers).pools[0]!);
  const sum = (of: (share: (typeof shares)[number]) => number): number =>
    shares.reduce((all, share) => all + of(share), 0);
  expect(sum(({ maxClients }) => maxClients)).toBe(10);
  expect(sum(({ hold }) => hold.clients)).toBe(7);
  expect(sum(({ hold }) => hold.bytes)).toBe(100);
  expect(sum(({ backend }) => backend.min)).toBe(2);
  expect(sum(({ backend }) => backend.max)).toBe(5);
});

test('no worker is left without a backend or a client', () => {
  const share = shareFor(options, 7, 8).pools[0]!;
  expect(share.backend.max).toBe(1);
  expect(share.maxClients).toBeGreaterThan(0);
});
