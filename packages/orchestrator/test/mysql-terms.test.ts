import type { ControlConnection } from '../src/link/control-connection';
import { mysqlDialectOf } from '../src/dialects/mysql';
import { NEWEST, termsOf } from '../src/dialects/mysql-terms';
import { grantStatements } from '../src/dialects/privileges';

const OLD = {
  binlogStatus: 'SHOW MASTER STATUS',
  resetBinlog: 'RESET MASTER',
  logReplicaUpdates: 'log_slave_updates',
  sleepingEvent: 'SLAVESIDE_DISABLED',
  setDefiner: 'SET_USER_ID',
};
const NEW = {
  binlogStatus: 'SHOW BINARY LOG STATUS',
  resetBinlog: 'RESET BINARY LOGS AND GTIDS',
  logReplicaUpdates: 'log_replica_updates',
  sleepingEvent: 'REPLICA_SIDE_DISABLED',
  setDefiner: 'SET_ANY_DEFINER',
};

test.each([
  ['8.0.23', OLD],
  ['8.0.25-15', OLD],
  ['8.0.26', { ...OLD, logReplicaUpdates: 'log_replica_updates' }],
  ['8.0.36-0ubuntu0.22.04.1', { ...OLD, logReplicaUpdates: 'log_replica_updates' }],
  ['8.1.0', { ...OLD, logReplicaUpdates: 'log_replica_updates' }],
  ['8.2.0', NEW],
  ['8.4.3-3.1', NEW],
  ['9.7.0', NEW],
  ['10.0.1', NEW],
])('what MySQL %s calls it', (version, terms) => {
  expect(termsOf(version)).toEqual(terms);
});

test('where nobody was asked, the newest names', () => expect(NEWEST).toEqual(NEW));

/** Everything that is asked, of a server that has no answer. */
async function asked(ask: (c: ControlConnection) => Promise<unknown>): Promise<string> {
  const statements: string[] = [];
  const note = (sql: string, answer: unknown): Promise<unknown> => {
    statements.push(sql);
    return Promise.resolve(answer);
  };
  const c = { query: (sql: string) => note(sql, []), row: (sql: string) => note(sql, {}) };
  await ask(c as unknown as ControlConnection);
  return statements.join('\n');
}

test.each([
  ['8.0.36', OLD, NEW],
  ['8.4.0', NEW, OLD],
])('%s is asked in its own terms', async (version, ours, others) => {
  const dialect = mysqlDialectOf(version);
  const text = await asked(async (c) => {
    await dialect.survey(c, 1);
    await dialect.inspect(c, 'myswitch', 1).catch(() => undefined);
    await dialect.sleepingEvents(c, 1);
  });
  expect(text).toContain(ours.binlogStatus);
  expect(text).toContain(`STATUS = '${ours.sleepingEvent}'`);
  expect(text).not.toContain(others.binlogStatus);
  const ways = JSON.stringify(dialect.waysOut({ gtid: 'u:1', before: '' } as never, 'db1', 'db2'));
  expect(ways).toContain(ours.resetBinlog);
  expect(ways).not.toContain(others.resetBinlog);
});

test('before 8.2 the account is granted what it has there', () => {
  const names = { control: 'myswitch', replication: 'repl' };
  const [old] = grantStatements('mysql', names, termsOf('8.0.36'));
  expect(old).toContain(', EVENT, SET_USER_ID ON *.*');
});
