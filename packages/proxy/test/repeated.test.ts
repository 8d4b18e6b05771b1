import { Repeated } from '../src/repeated';
import { FakeClock } from './fake-clock';

test('what happens again and again is told when it is new, then every 10 s with how often', () => {
  const clock = new FakeClock();
  const repeated = new Repeated(clock);
  const told: string[] = [];
  for (let tenths = 0; tenths < 250; tenths += 2) {
    const count = repeated.happened('ECONNREFUSED');
    if (count !== null) told.push(`${tenths / 10} s: ${count}`);
    clock.advance(200);
  }
  expect(told).toEqual(['0 s: 1', '10 s: 50', '20 s: 50']);
});

test('another reason is told at once; those that take turns are not told at each turn', () => {
  const repeated = new Repeated(new FakeClock());
  const counts = ['refused', 'timeout', 'refused', 'timeout'].map((reason) => repeated.happened(reason));
  expect(counts).toEqual([1, 1, null, null]);
});

test('reasons that never come again are not kept', () => {
  const repeated = new Repeated(new FakeClock());
  for (let i = 0; i < 1000; i++) expect(repeated.happened(`reason ${i}`)).toBe(1);
  expect(repeated.happened('reason 0')).toBe(1);
});
