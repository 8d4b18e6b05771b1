import { NO_PULSE } from '../src/watch/beats';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../src/clock';
import type { Activation, DrainResult } from '../src/data-plane';
import type { Order } from '../src/operate/order';
import { Operator } from '../src/operate/operator';
import { Pause } from '../src/operate/pause';
import { standingEvent } from '../src/operate/standing-event';
import { EventLog } from '../src/state/event-log';
import { frozen } from '../src/state/frozen';
import { Overrides } from '../src/state/overrides';
import type { Bench } from '../src/switch/context';
import { standingOf, viewOf } from '../src/watch/topology';
import { Watch } from '../src/watch/watch';

/** Time stands still until `pass`. */
class FakeClock implements Clock {
  #now = Date.parse('2026-01-02T03:04:05.000Z');
  #timers: { at: number; action: () => void }[] = [];
  readonly now = (): number => this.#now;
  readonly monotonic = (): number => this.#now;
  readonly timer = (ms: number, action: () => void): (() => void) => {
    const timer = { at: this.#now + ms, action };
    this.#timers.push(timer);
    return () => (this.#timers = this.#timers.filter((each) => each !== timer));
  };

  pass(ms: number): void {
    this.#now += ms;
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    this.#timers = this.#timers.filter(({ at }) => at > this.#now);
    for (const { action } of due) action();
  }
}

const nodes = [
  { name: 'db1', type: 'PRIMARY' },
  { name: 'db2', type: 'SECONDARY' },
] as const;

function world(stateDir: string, overrides: Overrides) {
  const clock = new FakeClock();
  const gate: string[] = [];
  let drained: (result: DrainResult) => void = () => undefined;
  const events = new EventLog(stateDir, 'shop', clock, () => undefined);
  const plane = {
    hold: () => Promise.resolve(void gate.push('hold')),
    drained: () => new Promise<DrainResult>((resolve) => (drained = resolve)),
    release: (_pool: string, { node, epoch }: Activation) =>
      Promise.resolve(void gate.push(`release ${node} ${epoch}`)),
  };
  const bench = {
    pool: {
      name: 'shop',
      nodes,
      monitor: { intervalMs: 1000, failures: 1 },
      hold: { maxMs: 10_000 },
      switch: { drainMs: 2000 },
    },
    plane,
    clock,
    events,
    links: new Map(),
    log: () => undefined,
  } as unknown as Bench;
  const watch = new Watch(bench, {
    inspect: (_node, observation) => Promise.resolve({ observation, pulse: NO_PULSE, twins: [] }),
    seen: () => undefined,
    stands: (change) => {
      const event = standingEvent(change, 3);
      if (event !== null) events.add(event);
    },
  });
  watch.move('db1', 'REMEMBERED');
  watch.setActive('db1', 'CHOSEN', 'RELIEVED');
  const at = { busy: null as string | null, active: { node: 'db1', epoch: 3 } as Activation | null };
  const pause = new Pause(bench, () => at.active);
  const operator = new Operator({
    bench,
    stateDir,
    watch,
    overrides,
    pause,
    occupied: () => at.busy ?? pause.sentence,
    copying: new Set<string>(),
    poll: () => Promise.resolve(void gate.push('poll')),
  });
  const order = (what: Order): Promise<string> => operator.carryOut(what, 'admin@here');
  const shown = (name: string): string => {
    const { status, state } = standingOf(viewOf(watch.topology, name)!);
    return `${status}/${state}`;
  };
  return { clock, gate, events, watch, at, pause, order, shown, drain: (result: DrainResult) => drained(result) };
}

let stateDir: string;
let at: ReturnType<typeof world>;

beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'myswitch-operator-'));
  at = world(stateDir, await Overrides.load(stateDir, 'shop'));
});

afterEach(async () => {
  await at.events.settled();
  rmSync(stateDir, { recursive: true });
});

const told = async (): Promise<string[]> =>
  (await at.events.list()).map(({ kind, by, message }) => `${kind} ${by} ${message}`);
const refused = (what: Order, code: string, message: string): Promise<void> =>
  expect(at.order(what)).rejects.toMatchObject({ name: 'RefusedError', code, message });

describe('recover', () => {
  test('a failed node is UNKNOWN, and it is written down who said so', async () => {
    at.watch.move('db2', 'LOST');
    expect(await at.order({ kind: 'recover', node: 'db2' })).toBe(
      'db2 is UNKNOWN after FAILED_OFFLINE: the next good poll makes it STANDBY',
    );
    expect(at.shown('db2')).toBe('OK_WARN/UNKNOWN');
    expect((await told()).slice(-2)).toEqual([
      'STATE admin@here FAIL/FAILED_OFFLINE -> OK_WARN/UNKNOWN: Manual Recovery Initiated.',
      'ORDER admin@here recover: db2 is UNKNOWN after FAILED_OFFLINE: the next good poll makes it STANDBY',
    ]);
  });

  test('one that has not failed is refused, also the second time', async () => {
    await refused({ kind: 'recover', node: 'db1' }, 'NOT_FAILED', 'db1 has not failed, it is OK/ACTIVE');
    at.watch.move('db2', 'LOST');
    await at.order({ kind: 'recover', node: 'db2' });
    await refused({ kind: 'recover', node: 'db2' }, 'NOT_FAILED', 'db2 has not failed, it is OK_WARN/UNKNOWN');
    expect((await told()).filter((line) => line.startsWith('ORDER'))).toHaveLength(1);
  });

  test('one that was only set so is to be released', async () => {
    await at.order({ kind: 'set', node: 'db2', setting: { state: 'FAILED_ONLINE' } });
    await refused(
      { kind: 'recover', node: 'db2' },
      'NOT_FAILED',
      'db2 has not failed, it is OK/UNKNOWN; STATE FAILED_ONLINE was set: npx myswitch release db2',
    );
  });

  test('of another pool', () => refused({ kind: 'recover', node: 'db9' }, 'NOT_A_NODE', 'db9 is not a node of shop'));
});

describe('set and release', () => {
  test('adds to what was set, outlives a restart, and ends with release', async () => {
    await at.order({ kind: 'set', node: 'db2', setting: { state: 'FAILED_ONLINE' } });
    expect(await at.order({ kind: 'set', node: 'db2', setting: { weight: 0 } })).toBe(
      'db2 is OK/FAILED_ONLINE, with STATE FAILED_ONLINE, WEIGHT 0 until it is released',
    );
    expect((await Overrides.load(stateDir, 'shop')).of('db2')).toEqual({
      state: 'FAILED_ONLINE',
      weight: 0,
      by: 'admin@here',
      at: '2026-01-02T03:04:05.000Z',
    });
    expect(await at.order({ kind: 'release', node: 'db2' })).toBe(
      'db2 is OK/UNKNOWN; STATE FAILED_ONLINE, WEIGHT 0 no longer counts',
    );
    expect(at.shown('db2')).toBe('OK/UNKNOWN');
    expect((await Overrides.load(stateDir, 'shop')).of('db2')).toBeNull();
    await refused({ kind: 'release', node: 'db2' }, 'NOT_SET', 'nothing is set of db2');
  });

  test('two operators at once: both count', async () => {
    await Promise.all([
      at.order({ kind: 'set', node: 'db2', setting: { weight: 7 } }),
      at.order({ kind: 'set', node: 'db2', setting: { type: 'PRIMARY' } }),
      at.order({ kind: 'set', node: 'db1', setting: { weight: 8 } }),
    ]);
    const later = await Overrides.load(stateDir, 'shop');
    expect([later.of('db2'), later.of('db1')]).toMatchObject([{ weight: 7, type: 'PRIMARY' }, { weight: 8 }]);
  });

  test('ACTIVE is a switch or a failover', async () => {
    await expect(at.order({ kind: 'set', node: 'db2', setting: { state: 'ACTIVE' } })).rejects.toMatchObject({
      code: 'NOT_BY_HAND',
    });
    await expect(at.order({ kind: 'set', node: 'db1', setting: { status: 'FAIL' } })).rejects.toMatchObject({
      code: 'NOT_BY_HAND',
    });
    expect(viewOf(at.watch.topology, 'db1')?.override).toBeNull();
  });

  test('a file that is none is named', async () => {
    writeFileSync(join(stateDir, 'shop.overrides.json'), '{"db1":');
    await expect(Overrides.load(stateDir, 'shop')).rejects.toMatchObject({ code: 'OVERRIDES_UNREADABLE' });
  });
});

describe('freeze and unfreeze', () => {
  test('the file says why', async () => {
    expect(await at.order({ kind: 'freeze', reason: 'in\nventory' })).toContain('shop is frozen');
    expect(readFileSync(join(stateDir, 'shop.frozen'), 'utf8')).toBe('in ventory\n');
    expect(await frozen(stateDir, 'shop')).toBe('in ventory');
    await refused({ kind: 'freeze', reason: '' }, 'FROZEN', 'shop is frozen already: in ventory');
    expect(await at.order({ kind: 'unfreeze' })).toBe('shop may move again; it was frozen: in ventory');
    expect(await frozen(stateDir, 'shop')).toBeNull();
    await refused({ kind: 'unfreeze' }, 'NOT_FROZEN', 'shop is not frozen');
  });

  test('without a reason it says who', async () => {
    await at.order({ kind: 'freeze', reason: '' });
    expect(await frozen(stateDir, 'shop')).toBe('by admin@here');
  });

  test('two operators at once: one is refused', async () => {
    const both = await Promise.allSettled([
      at.order({ kind: 'freeze', reason: 'a' }),
      at.order({ kind: 'freeze', reason: 'b' }),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(await frozen(stateDir, 'shop')).toBe('a');
  });
});

describe('pause and resume', () => {
  const pause = (forMs: number | null = null): Promise<string> => at.order({ kind: 'pause', forMs });
  const until = '2026-01-02T03:04:14.000Z';

  /** The pause has reached the gate. */
  const held = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test('until it is resumed, towards who is ACTIVE then', async () => {
    const asked = pause();
    await held();
    expect(at.pause.until).toBe(until);
    at.drain({ drained: true });
    expect(await asked).toBe(`shop is paused until ${until}: new work waits, and nothing runs`);
    at.at.active = { node: 'db2', epoch: 4 };
    expect(await at.order({ kind: 'resume' })).toBe('shop goes on');
    expect(at.gate).toEqual(['hold', 'release db2 4']);
    expect(at.pause.until).toBeNull();
    at.clock.pass(60_000);
    expect(at.gate).toHaveLength(2);
    await refused({ kind: 'resume' }, 'NOT_PAUSED', 'shop is not paused');
  });

  test('until the deadline, which is told', async () => {
    const asked = pause(500);
    await held();
    at.clock.pass(500);
    await at.pause.end();
    at.drain({ drained: false, blocking: [] });
    expect(await asked).toBe('the pause of shop is over already');
    expect(at.gate).toEqual(['hold', 'release db1 3']);
    await held();
    expect(await told()).toContain('RESUMED automatic the pause was over before anybody resumed the pool');
  });

  test('who still runs is named', async () => {
    const asked = pause();
    await held();
    const blocking = [
      { session: 7, user: 'app', client: 'x:1', kind: 'busy', reason: 'TRANSACTION', ageMs: 1 },
    ] as const;
    at.drain({ drained: false, blocking });
    expect(await asked).toBe(
      `shop is paused until ${until}: new work waits; still running: session 7 of app (TRANSACTION)`,
    );
  });

  test('not longer than who waits may wait', async () => {
    await refused(
      { kind: 'pause', forMs: 9001 },
      'TOO_LONG',
      'a pause of 9001ms: it may be 1ms to 9s, nine tenths of hold.max (10s)',
    );
    await refused(
      { kind: 'pause', forMs: 0 },
      'TOO_LONG',
      'a pause of 0s: it may be 1ms to 9s, nine tenths of hold.max (10s)',
    );
    expect(at.gate).toEqual([]);
  });

  test('not twice, not while a switch runs, not without an ACTIVE', async () => {
    at.at.busy = 'switch x of this pool is running';
    await refused({ kind: 'pause', forMs: null }, 'IN_PROGRESS', at.at.busy);
    at.at.busy = null;
    at.at.active = null;
    await refused({ kind: 'pause', forMs: null }, 'NO_ACTIVE', 'no node is ACTIVE: clients wait already');
    at.at.active = { node: 'db1', epoch: 3 };
    void pause();
    await expect(pause()).rejects.toMatchObject({ code: 'PAUSED' });
    expect(at.gate).toEqual(['hold']);
  });
});
