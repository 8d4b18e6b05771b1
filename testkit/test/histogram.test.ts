import { Histogram } from '../src/histogram';

test('quantiles are at most 2 % too much, the maximum is exact', () => {
  const histogram = new Histogram();
  for (let ms = 1; ms <= 1000; ms += 1) histogram.record(ms);
  expect(histogram.count).toBe(1000);
  expect(histogram.max).toBe(1000);
  for (const q of [0.01, 0.5, 0.99]) {
    expect(histogram.quantile(q)).toBeGreaterThanOrEqual(1000 * q);
    expect(histogram.quantile(q)).toBeLessThanOrEqual(1000 * q * 1.0201);
  }
  expect(histogram.quantile(1)).toBe(1000);
});

test('is empty at first, takes what is too small and too large, and adds up', () => {
  const histogram = new Histogram();
  expect([histogram.quantile(0.5), histogram.max]).toEqual([0, 0]);
  histogram.record(0);
  const other = new Histogram();
  other.record(1e9);
  histogram.add(other);
  expect([histogram.count, histogram.max]).toEqual([2, 1e9]);
  expect(histogram.quantile(0.5)).toBeLessThanOrEqual(0.01);
});
