import { Gate, GateState } from '../src/pool/gate';
import { FakeClock } from './fake-clock';

class Waiter {
  readonly waitingBytes: number;
  refused: string | null = null;

  constructor(waitingBytes = 10) {
    this.waitingBytes = waitingBytes;
  }

  refuse(reason: string): void {
    this.refused = reason;
  }
}

const LIMITS = { maxMs: 1000, clients: 3, bytes: 100 };

function setUp(): { gate: Gate<Waiter>; clock: FakeClock } {
  const clock = new FakeClock();
  return { clock, gate: new Gate<Waiter>(LIMITS, clock) };
}

describe('the moves of the gate', () => {
  const states = Object.values(GateState);
  const legal = new Set([
    'OPEN>HOLDING',
    'HOLDING>HELD',
    'HOLDING>RELEASING',
    'HELD>RELEASING',
    'RELEASING>OPEN',
    'RELEASING>HOLDING',
  ]);
  const road: Record<GateState, readonly GateState[]> = {
    OPEN: [],
    HOLDING: ['HOLDING'],
    HELD: ['HOLDING', 'HELD'],
    RELEASING: ['HOLDING', 'RELEASING'],
  };

  test.each(states.flatMap((from) => states.map((to) => [from, to] as const)))('%s to %s', (from, to) => {
    const { gate } = setUp();
    for (const step of road[from]) gate.move(step);
    if (legal.has(`${from}>${to}`)) {
      gate.move(to);
      expect(gate.state).toBe(to);
    } else {
      expect(() => gate.move(to)).toThrow(`the gate can't go from ${from} to ${to}`);
      expect(gate.state).toBe(from);
    }
  });
});

describe('the queue at the gate', () => {
  test('is bounded by number, naming the limit', () => {
    const { gate } = setUp();
    for (let i = 0; i < 3; i++) expect(gate.enqueue(new Waiter())).toBeNull();
    expect(gate.enqueue(new Waiter())).toContain('hold.clients: 3');
    expect(gate.length).toBe(3);
  });

  test('is bounded by bytes, and those that leave give theirs back', () => {
    const { gate } = setUp();
    const large = new Waiter(95);
    expect(gate.enqueue(large)).toBeNull();
    expect(gate.enqueue(new Waiter(6))).toContain('hold.bytes: 100');
    expect(gate.leave(large)).toBe(true);
    expect(gate.leave(large)).toBe(false);
    expect(gate.enqueue(new Waiter(100))).toBeNull();
  });

  test('nobody waits longer than hold.max, and each from when it came', () => {
    const { gate, clock } = setUp();
    const [first, second] = [new Waiter(), new Waiter()];
    gate.reason = 'a switch holds the pool';
    gate.enqueue(first);
    clock.advance(600);
    gate.enqueue(second);
    clock.advance(399);
    expect([first.refused, second.refused]).toEqual([null, null]);
    clock.advance(1);
    expect(first.refused).toBe('a switch holds the pool, longer than 1000 ms (hold.max)');
    expect(second.refused).toBeNull();
    clock.advance(600);
    expect(second.refused).not.toBeNull();
    expect(gate.length).toBe(0);
    expect(clock.timers).toBe(0);
  });

  test('who has waited already waits so much less, whoever came before', () => {
    const { gate, clock } = setUp();
    const [first, second, late] = [new Waiter(), new Waiter(), new Waiter()];
    clock.advance(5000);
    gate.enqueue(first);
    gate.enqueue(second, 4300);
    clock.advance(299);
    expect([first.refused, second.refused]).toEqual([null, null]);
    clock.advance(1);
    expect([first.refused, second.refused]).toEqual([null, expect.any(String)]);
    gate.enqueue(late, 0);
    clock.advance(0);
    expect(late.refused).not.toBeNull();
    clock.advance(700);
    expect(first.refused).not.toBeNull();
    expect(clock.timers).toBe(0);
  });

  test('is emptied in its order, with the time that each came; then nothing expires', () => {
    const { gate, clock } = setUp();
    const waiters = [new Waiter(), new Waiter(), new Waiter()];
    for (const waiter of waiters) {
      gate.enqueue(waiter);
      clock.advance(5);
    }
    expect(gate.takeAll()).toEqual(waiters.map((waiting, i) => ({ waiting, since: 5 * i })));
    clock.advance(5000);
    expect(waiters.every(({ refused }) => refused === null)).toBe(true);
    expect(gate.enqueue(new Waiter(100))).toBeNull();
  });
});
