import { classify, ServerStatus } from '@myswitch/protocol';
import { SessionContext } from '../src/session/context';
import { FATES, Fate, Flight, isHarmless, lossOf, outlivesShutdown, Stake, stakeOf } from '../src/session/loss';
import type { Command, Loser } from '../src/session/loss';
import { Pin } from '../src/session/pins';

const CONTEXT = new SessionContext('shop', new Map(), new Map());

interface Situation extends Partial<Omit<Loser, 'pins' | 'reply'>> {
  readonly pins?: readonly Pin[];
  readonly started?: boolean;
  /** false: with autocommit off */
  readonly autocommit?: boolean;
}

function loser({ pins = [], started = false, autocommit = true, ...rest }: Situation = {}): Loser {
  return {
    inTransaction: false,
    statusUnknown: false,
    begun: null,
    touched: new Set(),
    status: autocommit ? ServerStatus.AUTOCOMMIT : 0,
    context: CONTEXT,
    interrupting: null,
    reruns: 0,
    pins: { size: pins.length, reasons: pins },
    reply: { started },
    ...rest,
  };
}

const command = (sql: string, rest: Partial<Command> = {}): Command => ({
  statement: classify(sql),
  grammar: 'QUERY',
  ...(/^rollback$/i.test(sql) ? { rollsBack: true as const } : {}),
  ...rest,
});

const IN = { inTransaction: true };
const BEGUN = { inTransaction: true, begun: ['BEGIN'] };
const LOCKED = { pins: [Pin.GET_LOCK] };

const SITUATIONS: Record<Stake, Situation> = { NOTHING: {}, BEGUN, TRANSACTION: IN, STATE: LOCKED };
/** null: sent, with a part of the reply. */
const FLIGHTS: Record<Flight, { command: Command | null; sent: boolean }> = {
  NONE: { command: null, sent: false },
  WIPE: { command: command('SELECT 1', { grammar: null, wipes: true }), sent: false },
  UNSENT: { command: command('INSERT INTO t VALUES (1)'), sent: false },
  ROLLBACK: { command: command('ROLLBACK'), sent: true },
  HARMLESS: { command: command('SELECT 1'), sent: true },
  OTHER: { command: command('SELECT 1 FROM t FOR UPDATE'), sent: true },
  MAY_COMMIT: { command: command('CALL p()'), sent: true },
};

const ROWS: readonly [Stake, Flight, Fate][] = Object.values(Stake).flatMap((stake) =>
  Object.values(Flight).map((flight): [Stake, Flight, Fate] => [stake, flight, FATES[stake][flight]]),
);

describe('what becomes of a command whose backend is lost', () => {
  test.each(ROWS)('%s at stake, %s under way: %s', (stake, flight, fate) => {
    const { command: under, sent } = FLIGHTS[flight];
    expect(lossOf(loser(SITUATIONS[stake]), under, sent, 'db1 closed the connection').fate).toBe(fate);
  });

  test('the table, as people were told', () => {
    const of = (stake: Stake): string =>
      Object.values(Flight)
        .map((flight) => FATES[stake][flight])
        .join(' ');
    expect(Object.keys(Flight).join(' ')).toBe('NONE WIPE UNSENT ROLLBACK HARMLESS OTHER MAY_COMMIT');
    expect(of('NOTHING')).toBe('UNNOTICED DONE RUN_AGAIN RUN_AGAIN RUN_AGAIN NOT_COMPLETED UNKNOWN');
    expect(of('BEGUN')).toBe('UNNOTICED DONE RUN_AGAIN RUN_AGAIN RUN_AGAIN ROLLED_BACK UNKNOWN');
    expect(of('TRANSACTION')).toBe('ROLLED_BACK DONE ROLLED_BACK RUN_AGAIN ROLLED_BACK ROLLED_BACK UNKNOWN');
    expect(of('STATE')).toBe('STATE_LOST DONE STATE_LOST STATE_LOST STATE_LOST STATE_LOST UNKNOWN');
  });

  test.each<[string, Situation, string, Fate]>([
    ['an autocommit write', {}, 'INSERT INTO t VALUES (1)', 'UNKNOWN'],
    ['a write in a transaction', IN, 'UPDATE t SET a = 1', 'ROLLED_BACK'],
    ['the first write in one', BEGUN, 'DELETE FROM t', 'ROLLED_BACK'],
    ['a write that begins one', { autocommit: false }, 'INSERT INTO t VALUES (1)', 'ROLLED_BACK'],
    ['a write that may run anything', IN, 'INSERT INTO t VALUES (f())', 'UNKNOWN'],
    ['COMMIT', IN, 'COMMIT', 'UNKNOWN'],
    ['COMMIT AND CHAIN', IN, 'COMMIT AND CHAIN', 'UNKNOWN'],
    ['COMMIT of nothing', {}, 'COMMIT', 'RUN_AGAIN'],
    ['COMMIT of a transaction in which nothing was done', BEGUN, 'COMMIT', 'RUN_AGAIN'],
    ['BEGIN', {}, 'BEGIN', 'RUN_AGAIN'],
    ['BEGIN that ends a transaction', IN, 'START TRANSACTION', 'UNKNOWN'],
    ['DDL in a transaction', IN, 'CREATE TABLE a (a INT)', 'UNKNOWN'],
    ['LOAD DATA', {}, "LOAD DATA LOCAL INFILE 'a' INTO TABLE t", 'UNKNOWN'],
    ['CALL in a transaction', IN, 'CALL p()', 'UNKNOWN'],
    ['several statements in a transaction', IN, 'SELECT 1; SELECT 2', 'UNKNOWN'],
    ['XA PREPARE', { ...IN, pins: [Pin.XA] }, "XA PREPARE 'a'", 'UNKNOWN'],
    ['XA COMMIT', {}, "XA COMMIT 'a'", 'UNKNOWN'],
    ['a write in an XA transaction', { ...IN, pins: [Pin.XA] }, 'INSERT INTO t VALUES (1)', 'STATE_LOST'],
    ['a read', {}, 'SELECT a FROM t WHERE b = @c', 'RUN_AGAIN'],
    ['a read with autocommit off', { autocommit: false }, 'SELECT a FROM t', 'RUN_AGAIN'],
    ['a read whose reply has begun', { started: true }, 'SELECT a FROM t', 'NOT_COMPLETED'],
    ['the same in a transaction', { ...BEGUN, started: true }, 'SELECT a FROM t', 'ROLLED_BACK'],
    ['a read that somebody interrupts', { interrupting: Promise.resolve() }, 'SELECT a FROM t', 'NOT_COMPLETED'],
    ['a read for the third time', { reruns: 2 }, 'SELECT a FROM t', 'NOT_COMPLETED'],
    ['a read in a transaction', IN, 'SELECT a FROM t', 'ROLLED_BACK'],
    ['a read that locks', {}, 'SELECT a FROM t FOR UPDATE', 'NOT_COMPLETED'],
    ['a read that assigns', {}, 'SELECT @a := 1', 'NOT_COMPLETED'],
    ['GET_LOCK', {}, "SELECT GET_LOCK('a', 1)", 'NOT_COMPLETED'],
    ['a read that calls', {}, 'SELECT f()', 'UNKNOWN'],
    ['SHOW', {}, 'SHOW TABLES', 'RUN_AGAIN'],
    ["a read of the server's own", {}, 'SELECT @@server_id', 'RUN_AGAIN'],
    ['a read that locks, of the same', {}, 'SELECT @@sql_mode FROM t FOR UPDATE', 'NOT_COMPLETED'],
    ['a read that may call a function named count', {}, 'SELECT COUNT (1)', 'UNKNOWN'],
    ['EXPLAIN of a write', {}, 'EXPLAIN DELETE FROM t', 'NOT_COMPLETED'],
    ['ANALYZE of a write', {}, 'ANALYZE DELETE FROM t', 'UNKNOWN'],
    ['USE', {}, 'USE a', 'RUN_AGAIN'],
    ['SET of session variables', {}, "SET NAMES utf8mb4, sql_mode = '', @a = 1", 'RUN_AGAIN'],
    ['SET autocommit', {}, 'SET autocommit = 0', 'RUN_AGAIN'],
    ['SET autocommit in a transaction', IN, 'SET autocommit = 1', 'UNKNOWN'],
    ['SET GLOBAL', {}, 'SET GLOBAL a = 1', 'UNKNOWN'],
    ['SET ROLE', {}, 'SET ROLE a', 'RUN_AGAIN'],
    ['SET PASSWORD', {}, "SET PASSWORD = 'a'", 'UNKNOWN'],
    ['PREPARE', {}, "PREPARE a FROM 'DELETE FROM t'", 'RUN_AGAIN'],
    ['EXECUTE of who knows what', {}, 'EXECUTE a', 'UNKNOWN'],
    ['KILL', {}, 'KILL 5', 'NOT_COMPLETED'],
    ['ROLLBACK AND CHAIN', IN, 'ROLLBACK AND CHAIN', 'ROLLED_BACK'],
    ['ROLLBACK TO', IN, 'ROLLBACK TO a', 'ROLLED_BACK'],
    ['ROLLBACK with a lock', { ...IN, ...LOCKED }, 'ROLLBACK', 'STATE_LOST'],
    [
      'a text that nobody can read',
      { context: new SessionContext(null, new Map([['character_set_client', "'sjis'"]]), new Map()) },
      'SELECT 1',
      'UNKNOWN',
    ],
  ])('%s', (_title, situation, sql, fate) => {
    expect(lossOf(loser(situation), command(sql), true, 'db1 closed the connection').fate).toBe(fate);
  });

  test('what does more than its statement says is never run again', () => {
    const shutdown = command('SELECT 1', { once: true });
    expect(lossOf(loser(), shutdown, true, 'it ended').fate).toBe('UNKNOWN');
    expect(lossOf(loser(), shutdown, false, 'it ended').fate).toBe('RUN_AGAIN');
    expect(lossOf(loser(), { ...shutdown, grammar: null }, false, 'it ended').fate).toBe('UNKNOWN');
  });

  test('a shutdown is told as the loss that follows where that is more for the client', () => {
    const outlives = (situation: Situation, sql: string): boolean => outlivesShutdown(loser(situation), command(sql));
    expect(outlives({}, 'SELECT 1')).toBe(true);
    expect(outlives(IN, 'DELETE FROM t')).toBe(true);
    expect(outlives(IN, 'COMMIT')).toBe(false);
    expect(outlives({}, 'DELETE FROM t')).toBe(false);
    expect(outlives(LOCKED, 'SELECT 1')).toBe(false);
  });

  test('what is at stake', () => {
    expect(stakeOf(loser({ ...IN, pins: [Pin.SAVEPOINT, Pin.CURSOR] }))).toBe('TRANSACTION');
    expect(stakeOf(loser({ pins: [Pin.CURSOR] }))).toBe('STATE');
    expect(stakeOf(loser({ begun: ['SET TRANSACTION READ ONLY'], pins: [Pin.TRANSACTION_CHARACTERISTICS] }))).toBe(
      'BEGUN',
    );
    expect(stakeOf(loser({ ...BEGUN, pins: [Pin.LONG_DATA] }))).toBe('TRANSACTION');
    expect(stakeOf(loser({ statusUnknown: true }))).toBe('TRANSACTION');
    expect(stakeOf(loser({ ...IN, touched: new Set(['sql_mode']) }))).toBe('STATE');
  });

  test('SET STATEMENT is what it holds for', () => {
    expect(isHarmless(classify('SET STATEMENT max_statement_time = 1 FOR SELECT 1'))).toBe(true);
    expect(isHarmless(classify('SET STATEMENT max_statement_time = 1 FOR DELETE FROM t'))).toBe(false);
  });
});

describe('what the client is told', () => {
  const told = (situation: Situation, sql: string | null): string => {
    const { error } = lossOf(
      loser(situation),
      sql === null ? null : command(sql),
      sql !== null,
      'db1 closed the connection',
    );
    return error === null ? '' : `${error.code} ${error.sqlState} ${error.message}`;
  };

  test('the truth, and what to do', () => {
    expect(told({}, null)).toBe('');
    expect(told(IN, null)).toMatch(
      /^1213 40001 MySwitch: rolled back because .*db1 closed.*; try restarting transaction$/,
    );
    expect(told({ pins: [Pin.GET_LOCK, Pin.TEMPORARY_TABLE] }, null)).toMatch(
      /^1105 HY000 .*GET_LOCK, TEMPORARY_TABLE$/,
    );
    expect(told({ pins: [Pin.XA] }, null)).toMatch(/XA RECOVER/);
    expect(told({}, 'DELETE FROM t')).toMatch(/^1105 08007 .*unknown.*not run again$/);
    expect(told(LOCKED, 'DELETE FROM t')).toMatch(/unknown.*GET_LOCK$/);
  });

  test('no words that make a framework run a statement again', () => {
    const all = [IN, LOCKED, {}].flatMap((one) =>
      [null, 'SELECT 1', 'SELECT f()', 'DO 1'].map((sql) => told(one, sql)),
    );
    expect(all.join()).not.toMatch(
      /lost connection|gone away|error while sending|broken pipe|reset by peer|no connection to the server/i,
    );
  });
});
