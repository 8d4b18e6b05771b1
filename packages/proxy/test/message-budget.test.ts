import { type Claim, MessageBudget } from '../src/session/message-budget';
import { FakeClock } from './fake-clock';

const MIB = 1 << 20;

describe('MessageBudget', () => {
  let clock: FakeClock;
  let budget: MessageBudget;
  let events: string[];
  beforeEach(() => {
    clock = new FakeClock();
    budget = new MessageBudget(clock, 10 * MIB);
    events = [];
  });
  afterEach(() => {
    expect(budget).toMatchObject({ used: 0, waiting: 0 });
    expect(clock.timers).toBe(0);
  });

  function claim(name: string): Claim {
    const made: Claim = budget.claim({
      granted: () => events.push(`${name} granted`),
      expired: () => {
        events.push(`${name} expired`);
        made.release();
      },
    });
    return made;
  }

  test('gives what there is, then in turn', () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(claim) as [Claim, Claim, Claim, Claim];
    expect(a.want(6 * MIB)).toBe(true);
    expect(a.want(5 * MIB)).toBe(true);
    expect(b.want(4 * MIB)).toBe(true);
    expect(c.want(8 * MIB)).toBe(false);
    expect(c.want(8 * MIB)).toBe(false);
    expect(d.want(2 * MIB)).toBe(false); // would fit once b is gone, but c came first
    b.release();
    expect(events).toEqual([]);
    a.completed(MIB);
    expect(budget.used).toBe(9 * MIB);
    expect(events).toEqual(['c granted']);
    c.release();
    expect(events).toEqual(['c granted', 'd granted']);
    a.release();
    a.release();
    d.release();
  });

  test('one longer than all of it is let in alone', () => {
    const [a, b] = ['a', 'b'].map(claim) as [Claim, Claim];
    expect(a.want(MIB)).toBe(true);
    expect(b.want(64 * MIB)).toBe(false);
    a.release();
    expect(events).toEqual(['b granted']);
    expect(a.want(MIB)).toBe(false);
    b.release();
    a.release();
  });

  test('who does not finish while others wait is ended, and nobody else', () => {
    const [a, b, c] = ['a', 'b', 'c'].map(claim) as [Claim, Claim, Claim];
    a.want(4 * MIB);
    b.want(6 * MIB);
    b.completed(6 * MIB);
    clock.advance(600_000);
    expect(c.want(4 * MIB)).toBe(false);
    clock.advance(29_000);
    expect(events).toEqual(['a expired', 'c granted']);
    b.release();
    c.release();
  });

  test('who gives up while waiting leaves the queue', () => {
    const [a, b, c] = ['a', 'b', 'c'].map(claim) as [Claim, Claim, Claim];
    a.want(10 * MIB);
    b.want(10 * MIB);
    c.want(MIB);
    b.release();
    a.release();
    expect(events).toEqual(['c granted']);
    c.release();
  });
});
