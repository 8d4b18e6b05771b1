import { Move, MOVES } from '../src/ladder/moves';
import { isDue, moved, noted, polled, UNSEEN, type Standing, type Verdict } from '../src/ladder/standing';
import { STATUSES, rungAfter } from '../src/ladder/status';
import type { NodeState } from '../src/report';

const GOOD: Verdict = { fit: true };
const FULL: Verdict = {
  fit: false,
  reachable: false,
  serves: false,
  reason: 'Could not connect to mysql host Too many connections',
};
const STATES: readonly NodeState[] = ['UNKNOWN', 'STANDBY', 'ACTIVE', 'FAILED_ONLINE', 'FAILED_OFFLINE'];

const poll = (standing: Standing, verdict: Verdict, type: 'PRIMARY' | 'SECONDARY' = 'PRIMARY'): Standing =>
  polled(standing, type, verdict, 4);

const line = ({ errors, status, state, message }: Standing): string =>
  `${errors} ${status} ${state}${message === null ? '' : ` ${message}`}`;

const standing = (state: NodeState, change: Partial<Standing> = {}): Standing => ({ ...UNSEEN, state, ...change });

describe('the walk-through of the sources', () => {
  test('illustration 5: two nodes come up', () => {
    let [p, s] = [UNSEEN, UNSEEN];
    const lines: string[] = [];
    const look = (): void => void lines.push(`P ${line(p)}`, `S ${line(s)}`);
    look();
    p = poll(p, GOOD);
    s = poll(s, GOOD, 'SECONDARY');
    look();
    p = moved(p, Move.CHOSEN, { type: 'PRIMARY' });
    s = poll(s, GOOD, 'SECONDARY');
    look();
    p = poll(p, GOOD);
    s = poll(s, GOOD, 'SECONDARY');
    look();
    p = poll(p, GOOD);
    s = poll(s, GOOD, 'SECONDARY');
    look();
    expect(lines).toEqual([
      'P 0 OK UNKNOWN',
      'S 0 OK UNKNOWN',
      'P 0 OK STANDBY',
      'S 0 OK STANDBY',
      'P 0 OK_WARN ACTIVE PRIMARY instatement to ACTIVE complete.',
      'S 0 OK STANDBY',
      'P 0 OK ACTIVE (recovering) PRIMARY instatement to ACTIVE complete.',
      'S 0 OK STANDBY',
      'P 0 OK ACTIVE',
      'S 0 OK STANDBY',
    ]);
  });

  test('illustrations 12 to 14: the SECONDARY fails, is mended, and is recovered', () => {
    let s = standing('STANDBY');
    const rungs = Array.from({ length: 5 }, () => line((s = poll(s, FULL, 'SECONDARY'))));
    expect(rungs).toEqual([
      `1 OK_INFO STANDBY ${FULL.reason}`,
      `2 OK_WARN STANDBY ${FULL.reason}`,
      `3 OK_CRITICAL STANDBY ${FULL.reason}`,
      `4 FAIL FAILED_OFFLINE ${FULL.reason}`,
      `5 FAIL FAILED_OFFLINE ${FULL.reason}`,
    ]);
    const told = 'FAILED server is reporting recovery. Manual intervention required.';
    expect(line((s = poll(s, GOOD, 'SECONDARY')))).toBe(`0 OK_WARN FAILED_OFFLINE ${told}`);
    expect(line((s = poll(s, GOOD, 'SECONDARY')))).toBe(`0 OK FAILED_OFFLINE (recovering) ${told}`);
    expect(line((s = poll(s, GOOD, 'SECONDARY')))).toBe(`0 OK FAILED_OFFLINE (recovering) ${told}`);
    expect(line((s = moved(s, Move.RECOVER, {})))).toBe('0 OK_WARN UNKNOWN Manual Recovery Initiated.');
    expect(line((s = poll(s, GOOD, 'SECONDARY')))).toBe('0 OK STANDBY Manual Recovery Initiated.');
    expect(line(poll(s, GOOD, 'SECONDARY'))).toBe('0 OK STANDBY');
  });

  test('illustration 15: the PRIMARY fails, the SECONDARY takes over, and gives ACTIVE back', () => {
    let [p, s] = [standing('ACTIVE'), standing('STANDBY')];
    for (let bad = 0; bad < 4; bad += 1) p = poll(p, FULL);
    expect(isDue(p, 4)).toBe(true);
    p = moved(p, Move.LOST, {});
    s = moved(s, Move.TAKES_OVER, {});
    expect(line(p)).toBe(`4 FAIL FAILED_OFFLINE ${FULL.reason}`);
    expect(line(s)).toBe('0 OK_WARN ACTIVE FAILOVER: Taking over ACTIVE state.');
    p = poll(p, GOOD);
    s = poll(poll(s, GOOD, 'SECONDARY'), GOOD, 'SECONDARY');
    expect(line(p)).toBe(
      '0 OK_WARN FAILED_OFFLINE FAILED PRIMARY server is reporting recovery. Manual intervention required.',
    );
    expect(line(s)).toBe('0 OK ACTIVE');
    p = moved(p, Move.RECOVER, {});
    expect(line(p)).toBe('0 OK_WARN UNKNOWN Manual Recovery Initiated.');
    p = poll(p, GOOD);
    s = noted(s, 'Ready to relinquish ACTIVE state to PRIMARY.');
    expect(line(p)).toBe('0 OK STANDBY Manual Recovery Initiated.');
    expect(line(s)).toBe('0 OK_WARN ACTIVE Ready to relinquish ACTIVE state to PRIMARY.');
    p = noted(p, 'Waiting for SECONDARY to stand down before instatement to ACTIVE.');
    expect(line(p)).toBe('0 OK_WARN STANDBY Waiting for SECONDARY to stand down before instatement to ACTIVE.');
    // the planned switch: both at once
    s = moved(s, Move.RELIEVED, { other: 'PRIMARY' });
    p = moved(p, Move.SWITCHED_TO, { type: 'PRIMARY' });
    expect(line(s)).toBe('0 OK_WARN STANDBY Relinquishing ACTIVE state to PRIMARY.');
    expect(line(p)).toBe('0 OK_WARN ACTIVE PRIMARY instatement to ACTIVE complete.');
    expect(line(poll(poll(p, GOOD), GOOD))).toBe('0 OK ACTIVE');
    expect(line(poll(poll(s, GOOD), GOOD))).toBe('0 OK STANDBY');
  });
});

describe('polls', () => {
  test('a replication error stops at OK_WARN', () => {
    let s = standing('STANDBY');
    for (let bad = 0; bad < 20; bad += 1) {
      s = poll(s, { fit: false, reachable: true, serves: true, reason: 'applies nothing' });
    }
    expect(line(s)).toBe('2 OK_WARN STANDBY applies nothing');
    // one that is worse than that begins where it was held
    expect(line(poll(s, FULL))).toBe(`3 OK_CRITICAL STANDBY ${FULL.reason}`);
  });

  test('an ACTIVE is not failed by polls alone', () => {
    let a = standing('ACTIVE');
    for (let bad = 0; bad < 20; bad += 1) a = poll(a, FULL);
    expect(line(a)).toBe(`20 OK_CRITICAL ACTIVE ${FULL.reason}`);
  });

  test('one that answers and is unfit is FAILED_ONLINE', () => {
    let s = standing('STANDBY');
    for (let bad = 0; bad < 4; bad += 1) s = poll(s, { ...FULL, reachable: true });
    expect(s.state).toBe('FAILED_ONLINE');
  });

  test('a good poll forgets the bad ones', () => {
    const s = poll(poll(poll(standing('STANDBY'), FULL), FULL), GOOD);
    expect(line(s)).toBe(`0 OK STANDBY (recovering) ${FULL.reason}`);
  });

  test.each([
    [1, ['FAIL']],
    [2, ['OK_CRITICAL', 'FAIL']],
    [4, ['OK_INFO', 'OK_WARN', 'OK_CRITICAL', 'FAIL']],
    [6, ['OK_INFO', 'OK_WARN', 'OK_WARN', 'OK_CRITICAL', 'OK_CRITICAL', 'FAIL']],
  ])('%i failures', (failures, expected) => {
    expect(expected.map((_, index) => STATUSES[rungAfter(index + 1, failures)])).toEqual(expected);
  });
});

describe('moves', () => {
  test.each(MOVES.map((row) => [row.from, row.move, row] as const))('%s by %s', (from, move, row) => {
    const after = moved(standing(from), move, { type: 'SECONDARY', other: 'db2' });
    expect(after.state).toBe(row.to);
    expect(after.status).toBe(row.note !== null ? 'OK_WARN' : row.to.startsWith('FAILED') ? 'FAIL' : 'OK');
  });

  const pairs = STATES.flatMap((from) => Object.values(Move).map((move) => [from, move] as const));
  const illegal = pairs.filter(([from, move]) => !MOVES.some((row) => row.from === from && row.move === move));
  test.each(illegal)('%s can not be moved by %s', (from, move) => {
    expect(() => moved(standing(from), move, {})).toThrow(`a node that is ${from} can't be moved by ${move}`);
  });
});
