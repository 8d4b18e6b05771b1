import { NO_PULSE } from '../src/watch/beats';
import { decideActive, emptyTopology, followersOf, roleOf, update, viewOf, type NodeView } from '../src/watch/topology';
import { channel, down, node, topology } from './support/nodes';

const NOTHING = { active: null, demoted: [] };

describe('who is ACTIVE', () => {
  test.each<[string, NodeView[], { active: string | null; demoted: string[] }, string]>([
    ['a primary and its replica', [node('db1', false), node('db2', true, ['db1'])], NOTHING, 'db1'],
    ['a circular pair', [node('db1', true, ['db2']), node('db2', false, ['db1'])], NOTHING, 'db2'],
    ['a pool of one', [node('db1', false)], NOTHING, 'db1'],
    ['one replica is down', [node('db1', false), down('db2'), node('db3', true, ['db1'])], NOTHING, 'db1'],
    ['a replica is writable too', [node('db1', false), node('db2', false, ['db1'])], NOTHING, 'db1'],
    [
      'all replicas are down, the record knows',
      [node('db1', false), down('db2')],
      { active: 'db1', demoted: [] },
      'db1',
    ],
    ['all replicas are down, no record', [node('db1', false), down('db2')], NOTHING, 'NO_ACTIVE'],
    ['everything is read-only', [node('db1', true), node('db2', true, ['db1'])], NOTHING, 'NO_ACTIVE'],
    ['everything is down', [down('db1'), down('db2')], NOTHING, 'NO_ACTIVE'],
    [
      'two writers that follow each other',
      [node('db1', false, ['db2']), node('db2', false, ['db1'])],
      NOTHING,
      'TWO_WRITERS',
    ],
    ['two writers without a replica', [node('db1', false), node('db2', false)], NOTHING, 'TWO_WRITERS'],
    [
      'a demoted node came back writable in a circular pair',
      [node('db1', false, ['db2']), node('db2', false, ['db1'])],
      { active: 'db2', demoted: ['db1'] },
      'db2',
    ],
    [
      'a demoted node came back writable, the primary is down',
      [node('db1', false, ['db2']), down('db2'), node('db3', true, ['db2'])],
      { active: 'db2', demoted: ['db1'] },
      'NO_ACTIVE',
    ],
    [
      'a person promoted the demoted node again',
      [node('db1', false), node('db2', true, ['db1'])],
      { active: 'db2', demoted: ['db1'] },
      'db1',
    ],
  ])('%s', (_title, nodes, remembered, expected) => {
    const decision = decideActive(topology(...nodes), remembered);
    expect(decision.active ?? ('code' in decision ? decision.code : '')).toBe(expected);
  });

  test('the reason names the nodes', () => {
    expect(decideActive(topology(node('db1', true), down('db2')), NOTHING)).toEqual({
      active: null,
      code: 'NO_ACTIVE',
      reason: 'db1 is read-only; db2 is not reachable (connection refused)',
    });
    expect(decideActive(topology(node('db1', false), node('db2', false)), NOTHING)).toMatchObject({
      reason: 'db1 and db2 are writable and nobody follows either',
    });
  });
});

describe('the reducer', () => {
  const before = emptyTopology([
    { name: 'db1', type: 'PRIMARY' },
    { name: 'db2', type: 'SECONDARY' },
  ]);
  const rules = { active: 'db1', activeWrites: true, failures: 4 };
  const seen = node('db1', false).observation;
  if (seen === null) throw new Error('no observation');
  const good = { late: 0, observation: seen, pulse: NO_PULSE, twins: [], met: null };

  test('a good poll', () => {
    const after = update(before, { node: 'db1', at: 7, ...good }, rules);
    const expected = { reachable: true, standing: { errors: 0, state: 'STANDBY' }, lastPoll: 7, observation: seen };
    expect(viewOf(after, 'db1')).toMatchObject(expected);
    expect(viewOf(after, 'db2')).toBe(viewOf(before, 'db2'));
    expect(viewOf(before, 'db1')?.lastPoll).toBeNull();
  });

  test('bad polls count, keep what was known, and one good poll ends them', () => {
    const see = (seenBefore: typeof before, at: number, poll: { error: string } | typeof good) =>
      update(seenBefore, { node: 'db1', at, late: 0, ...poll }, rules);
    const first = see(before, 1, good);
    const bad = see(see(first, 2, { error: 'a' }), 3, { error: 'b' });
    expect(viewOf(bad, 'db1')).toMatchObject({ reachable: false, error: 'b', observation: seen });
    expect(viewOf(bad, 'db1')?.standing).toMatchObject({ errors: 2, status: 'OK_WARN', message: 'b' });
    const mended = viewOf(see(bad, 4, good), 'db1');
    expect(mended).toMatchObject({ error: null, standing: { errors: 0, status: 'OK' } });
  });

  test('a name that can not be looked up is no fault of the node', () => {
    const first = update(before, { node: 'db1', at: 1, ...good }, rules);
    const after = update(first, { node: 'db1', at: 2, late: 0, unresolved: 'ENOTFOUND' }, rules);
    expect(viewOf(after, 'db1')).toMatchObject({ reachable: false, error: 'ENOTFOUND', standing: { errors: 0 } });
  });
});

describe('roles', () => {
  test('by who follows whom, told by identity', () => {
    const pool = topology(node('db1', false), node('db2', true, ['db1']), node('db3', true), down('db4'));
    expect(pool.nodes.map((one) => roleOf(pool, one))).toEqual(['primary', 'replica', 'unknown', 'unknown']);
  });

  test('a channel that never connected follows nobody', () => {
    const replica = node('db2', true, [], { channels: [channel('')] });
    const primary = node('db1', false);
    expect(followersOf(topology(primary, replica), primary)).toEqual([]);
  });
});
