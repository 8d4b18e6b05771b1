import { Beats } from '../src/watch/beats';
import type { Clock } from '../src/clock';
import { ServerError } from '../src/errors';
import type { Heartbeat } from '../src/watch/heartbeat';
import { doubtOf, verdictOf } from '../src/ladder/verdict';
import type { NodeConnection, NodeLink } from '../src/link/node-link';
import { Places } from '../src/watch/places';
import { ranOn, since, UNSEEN_RUNS } from '../src/watch/runs';
import { channel, node } from './support/nodes';

const SECOND = 1000;

/** Time passes when a test says so; timers end at once. */
class StandingClock implements Clock {
  at = 0;
  wall = 1_000_000;
  now = (): number => this.wall;
  monotonic = (): number => this.at;
  timer = (_ms: number, action: () => void): (() => void) => {
    const handle = setImmediate(action);
    return () => clearImmediate(handle);
  };
}

/** An ACTIVE whose table a test looks into. */
function setUp() {
  const clock = new StandingClock();
  const table = { beat: '', writes: 0, answer: (): Promise<void> => Promise.resolve(), state: 'Commit' };
  const heartbeat = {
    create: () => Promise.resolve(),
    writeBeat: async (_c: unknown, beat: string) => {
      table.writes += 1;
      await table.answer();
      table.beat = beat;
    },
    readBeat: (c: { copy: string | null }) => Promise.resolve(c.copy),
  } as unknown as Heartbeat;
  const connection = (id: number): NodeConnection =>
    ({
      connection: {
        id,
        usable: true,
        destroy: () => undefined,
        query: () => Promise.resolve([{ Id: 7, State: table.state }]),
      },
    }) as unknown as NodeConnection;
  const link = (name: string): NodeLink =>
    ({ name, connect: () => Promise.resolve(connection(7)) }) as unknown as NodeLink;
  const beats = new Beats(heartbeat, clock);
  return {
    clock,
    table,
    beats,
    write: (name = 'db1') => beats.write(link(name), connection(8), 1, 100),
    rest: (name = 'db1') => beats.rest(link(name), connection(8), 100),
    lagOf: (copy: string | null, active = 'db1') =>
      beats.read({ connection: { copy } } as unknown as NodeConnection, active, 100),
  };
}

describe('the heartbeat', () => {
  test('a copy is as old as the first beat that it lacks', async () => {
    const { write, table, clock, lagOf } = setUp();
    expect(await lagOf('')).toBeNull();
    const copies: string[] = [];
    for (clock.at = 0; clock.at < 4 * SECOND; clock.at += SECOND) {
      expect(await write()).toBeNull();
      copies.push(table.beat);
    }
    // beats at 0, 1, 2 and 3 s; it is 4 s now
    expect(await Promise.all([copies[3]!, copies[2]!, copies[0]!, ''].map((copy) => lagOf(copy)))).toEqual([
      0,
      1 * SECOND,
      3 * SECOND,
      4 * SECOND,
    ]);
    expect(await lagOf('another 9 2020-01-01T00:00:00.000Z')).toBe(4 * SECOND);
    expect(await lagOf(null)).toBeNull();
  });

  test('nobody’s clock but our own counts, and it may be set', async () => {
    const { write, table, clock, lagOf } = setUp();
    await write();
    const copy = table.beat;
    clock.wall += 3600 * SECOND;
    expect(await lagOf(copy)).toBe(0);
    await write();
    clock.wall -= 7200 * SECOND;
    clock.at += SECOND;
    expect(await lagOf(copy)).toBe(SECOND);
  });

  test('of another ACTIVE nothing is known until it has one', async () => {
    const { write, table, lagOf } = setUp();
    await write();
    const copy = table.beat;
    expect(await lagOf(copy, 'db2')).toBeNull();
    await write('db2');
    expect(await lagOf(copy, 'db2')).toBe(0);
    expect(await lagOf(copy, 'db1')).toBeNull();
  });

  test('one that hangs is waited for, and counts after a while', async () => {
    const { write, rest, table, clock } = setUp();
    let done = (): void => undefined;
    table.answer = () => new Promise((resolve) => (done = resolve));
    expect(await write()).toEqual({ stopped: false, reason: 'its heartbeat waits to be written: Commit' });
    clock.at = 11 * SECOND;
    const stuck = { stopped: true, reason: 'its heartbeat has waited for more than 10 s to be written: Commit' };
    expect(await write()).toEqual(stuck);
    expect(await rest()).toEqual(stuck);
    expect(table.writes).toBe(1);
    table.state = 'Waiting for global read lock';
    expect(await write()).toMatchObject({ stopped: false });
    table.state = 'Waiting for semi-sync ACK from replica';
    expect(await write()).toMatchObject({ stopped: false });
    table.answer = () => Promise.resolve();
    done();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await rest()).toBeNull();
    expect(await write()).toBeNull();
    expect(table.writes).toBe(2);
  });

  test.each([
    [1021, true],
    [1114, true],
    [1142, false],
    [1205, false],
  ])('error %i: nobody can write: %s', async (errno, stopped) => {
    const { write, rest, table } = setUp();
    table.answer = () => Promise.reject(new ServerError(errno, 'why'));
    const trouble = { stopped, reason: "its heartbeat can't be written: why" };
    expect(await write()).toEqual(trouble);
    // what was found is not mended by not asking
    expect(await rest()).toEqual(trouble);
    expect(await rest('db2')).toBeNull();
  });

  test.each([1242, 1290])('error %i: it was made read-only since, which the next poll sees', async (errno) => {
    const { write, table } = setUp();
    table.answer = () => Promise.reject(new ServerError(errno, 'read-only'));
    expect(await write()).toBeNull();
  });
});

describe('what a poll says', () => {
  const { observation } = node('db2', true, ['db1']);
  const saying = (lagSeconds: number | null, change = {}) => ({
    ...observation!,
    channels: [channel('id-db1', { lagSeconds, ...change })],
  });

  test.each([
    [0, 2900, {}, null],
    [0, 3100, {}, 'it says that it is 0 s behind, and its heartbeat is 3.1 s behind'],
    [60, 61_000, {}, null],
    [null, 9000, {}, 'it does not say how far it is behind, and its heartbeat is 9.0 s behind'],
    [0, 3_600_000, { delaySeconds: 3600 }, null],
    [0, 9000, { filters: ['Replicate_Do_DB=shop'] }, null],
    [0, null, {}, null],
  ])('%s s by its own account, %s ms by the heartbeat, %j', (says, lagMs, change, expected) => {
    expect(doubtOf(saying(says, change), { lagMs, trouble: null })).toBe(expected);
  });

  test('an ACTIVE that nobody can write to is unfit; one whose heartbeat is late serves', () => {
    const sight = { observation: node('db1', false).observation!, twins: [] };
    const found = (stopped: boolean) =>
      verdictOf(
        'db1',
        { ...sight, pulse: { lagMs: null, trouble: { stopped, reason: 'why' } } },
        { active: 'db1', activeWrites: true },
      );
    expect(found(true)).toEqual({ fit: false, reachable: true, serves: false, reason: 'why' });
    expect(found(false)).toEqual({ fit: false, reachable: true, serves: true, reason: 'why' });
  });
});

describe('since when a server runs', () => {
  test('a shorter uptime over a new connection is a restart', () => {
    const first = ranOn(UNSEEN_RUNS, since(100, 1000, 1010), 1);
    expect(first.restartedAt).toBeNull();
    expect(ranOn(first, since(104, 5000, 5010), 2).restartedAt).toBeNull();
    expect(ranOn(first, since(0, 5000, 5010), 3).restartedAt).toBe(3);
  });

  test('an answer that took long is no restart', () => {
    const slow = ranOn(UNSEEN_RUNS, since(100, 1000, 9000), 1);
    expect(ranOn(slow, since(104, 13_000, 13_010), 2).restartedAt).toBeNull();
  });
});

test('which nodes are one server', () => {
  const places = new Places();
  places.note('db1', 'a');
  places.note('db2', 'b');
  places.note('db3', 'a');
  expect(places.twinsOf('db1')).toEqual(['db3']);
  expect(places.twinsOf('db2')).toEqual([]);
  expect(places.twinsOf('db4')).toEqual([]);
  places.note('db3', 'c');
  expect(places.twinsOf('db1')).toEqual([]);
});
