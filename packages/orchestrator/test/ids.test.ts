import { Ids } from '../src/state/ids';

const NOON = Date.parse('2026-03-04T12:00:00.000Z');
const HOUR = 3_600_000;

test('an id begins with the time', () => {
  expect(new Ids().next(NOON)).toMatch(/^20260304T120000000Z-[0-9a-f]{6}$/);
});

test('ids sort in the order in which they were made, whatever the clock says', () => {
  const ids = new Ids();
  const made = [NOON, NOON, NOON + HOUR, NOON - HOUR, NOON].map((now) => ids.next(now));
  expect(made.toSorted()).toEqual(made);
});

test('also after those of an earlier process', () => {
  const earlier = new Ids().next(NOON);
  expect(new Ids(`${earlier}.json`).next(NOON - HOUR) > earlier).toBe(true);
});

test.each(['', 'notes.json', '20261399T999999999Z-abcdef.json'])('what is no id counts for nothing: "%s"', (file) => {
  expect(new Ids(file).next(NOON)).toMatch(/^20260304T120000000Z-/);
});
