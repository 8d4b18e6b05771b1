import { isJudged, isSetAside, objection, overruled, wordsOf, type Override } from '../src/ladder/override';
import { UNSEEN, type Standing } from '../src/ladder/standing';
import { emptyTopology, overrule, standingOf, update, viewOf } from '../src/watch/topology';

const by = { by: 'admin@here', at: '2026-01-02T03:04:05.000Z' };
const standing = (change: Partial<Standing>): Standing => ({ ...UNSEEN, ...change });

describe('what the pool takes a node for', () => {
  test('nothing set: what the ladder says', () => {
    const found = standing({ state: 'STANDBY' });
    expect(overruled(found, null)).toBe(found);
  });

  test('what is set, and in the message who set it and what the ladder says', () => {
    const found = standing({ state: 'FAILED_OFFLINE', status: 'FAIL', errors: 7, message: 'refused' });
    expect(overruled(found, { ...by, state: 'STANDBY', status: 'OK', weight: 3 })).toEqual({
      state: 'STANDBY',
      status: 'OK',
      errors: 7,
      message: 'STATE STANDBY, STATUS OK, WEIGHT 3 set by admin@here; the ladder says FAIL/FAILED_OFFLINE: refused',
    });
  });

  test('what is not set is the ladder`s', () => {
    const found = standing({ state: 'STANDBY', status: 'OK_INFO' });
    expect(overruled(found, { ...by, weight: 0 })).toMatchObject({ state: 'STANDBY', status: 'OK_INFO' });
  });

  test('a node that became ACTIVE is ACTIVE, and not FAIL, whatever was set before', () => {
    const found = standing({ state: 'ACTIVE' });
    const set: Override = { ...by, state: 'FAILED_ONLINE', status: 'FAIL' };
    expect(overruled(found, set)).toMatchObject({ state: 'ACTIVE', status: 'OK' });
    expect(overruled(found, { ...by, status: 'OK_CRITICAL' }).status).toBe('OK_CRITICAL');
  });
});

test('the ladder goes on below, and counts again when the node is released', () => {
  const rules = { active: null, activeWrites: false, failures: 2 };
  let topology = emptyTopology([{ name: 'db1', type: 'PRIMARY' }]);
  topology = overrule(topology, 'db1', { ...by, state: 'STANDBY', status: 'OK' });
  for (let at = 1; at < 3; at += 1) topology = update(topology, { node: 'db1', at, late: 0, error: 'refused' }, rules);
  expect(standingOf(viewOf(topology, 'db1')!)).toMatchObject({ state: 'STANDBY', status: 'OK', errors: 2 });
  topology = overrule(topology, 'db1', null);
  expect(standingOf(viewOf(topology, 'db1')!)).toMatchObject({ state: 'FAILED_OFFLINE', status: 'FAIL' });
});

test('the type that is set is the one that is told', () => {
  let topology = emptyTopology([{ name: 'db1', type: 'PRIMARY' }]);
  topology = overrule(topology, 'db1', { ...by, type: 'SECONDARY' });
  const rules = { active: null, activeWrites: false, failures: 1 };
  topology = update(topology, { node: 'db1', at: 1, late: 0, error: 'refused' }, rules);
  const view = viewOf(topology, 'db1')!;
  expect(view.standing.state).toBe('FAILED_OFFLINE');
  expect(standingOf(view).message).toMatch(/^TYPE SECONDARY set by admin@here/);
});

test.each<[Partial<Override>, boolean, boolean]>([
  [{ weight: 0 }, true, false],
  [{ state: 'STANDBY' }, true, false],
  [{ state: 'UNKNOWN' }, true, true],
  [{ state: 'FAILED_ONLINE' }, true, true],
  [{ status: 'OK' }, false, false],
  [{ status: 'FAIL' }, false, true],
])('%j: judged by the ladder %s, set aside %s', (set, judged, aside) => {
  expect(isJudged({ ...by, ...set })).toBe(judged);
  expect(isSetAside({ ...by, ...set })).toBe(aside);
});

test('nothing set: judged, and not set aside', () => {
  expect([isJudged(null), isSetAside(null)]).toEqual([true, false]);
});

test('ACTIVE is not a matter of wishing', () => {
  expect(objection('shop', 'db2', false, { state: 'ACTIVE' })).toContain('npx myswitch switch shop --to db2');
  expect(objection('shop', 'db1', true, { state: 'ACTIVE' })).toBe('db1 is ACTIVE already');
  expect(objection('shop', 'db1', true, { state: 'STANDBY' })).toContain('it is relieved by a switch');
  expect(objection('shop', 'db1', true, { status: 'FAIL' })).toContain('npx myswitch failover shop');
  expect(objection('shop', 'db1', true, { status: 'OK', weight: 0, type: 'SECONDARY' })).toBeNull();
  expect(objection('shop', 'db2', false, { state: 'FAILED_ONLINE', status: 'FAIL' })).toBeNull();
});

test('settings as an operator writes them', () => {
  expect(wordsOf({ weight: 0, type: 'PRIMARY' })).toBe('TYPE PRIMARY, WEIGHT 0');
});
