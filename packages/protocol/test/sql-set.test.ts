import { classify, type Assignment, type SqlValue, type VariableScope } from '../src/sql';

function system(name: string, kind: SqlValue['kind'], text: string, scope: VariableScope = 'session'): Assignment {
  return { target: 'system', scope, name, value: { kind, text } };
}

function user(name: string, kind: SqlValue['kind'], text: string): Assignment {
  return { target: 'user', name, value: { kind, text } };
}

const CASES: readonly (readonly [sql: string, assignments: readonly Assignment[]])[] = [
  ['SET autocommit=1', [system('autocommit', 'number', '1')]],
  ['set @@autocommit := ON;', [system('autocommit', 'identifier', 'ON')]],
  ["SET SESSION sql_mode = 'ANSI'", [system('sql_mode', 'string', "'ANSI'")]],
  ["SET @@SESSION.Sql_Mode = ''", [system('sql_mode', 'string', "''")]],
  ['SET @@local.`sort_buffer_size` = 1000', [system('sort_buffer_size', 'number', '1000')]],
  ['SET LOCAL sort_buffer_size = DEFAULT', [system('sort_buffer_size', 'default', 'DEFAULT')]],
  ['SET `sort_buffer_size` = 1', [system('sort_buffer_size', 'number', '1')]],
  ['SET sql_mode = `ANSI`', [system('sql_mode', 'identifier', '`ANSI`')]],
  ['SET GLOBAL a = 1', [system('a', 'number', '1', 'global')]],
  ['SET @@global . a = 1', [system('a', 'number', '1', 'global')]],
  ['SET PERSIST a = 1', [system('a', 'number', '1', 'persist')]],
  ['SET @@PERSIST_ONLY.a = 1', [system('a', 'number', '1', 'persist_only')]],
  // A scope word holds until the next one; one after @@ for its own variable, and none after @@ means the session.
  [
    'SET GLOBAL a = 1, b = 2, @@c = 3, SESSION d = 4, e = 5',
    [
      system('a', 'number', '1', 'global'),
      system('b', 'number', '2', 'global'),
      system('c', 'number', '3'),
      system('d', 'number', '4'),
      system('e', 'number', '5'),
    ],
  ],
  ['SET @@GLOBAL.a = 1, b = 2', [system('a', 'number', '1', 'global'), system('b', 'number', '2')]],
  ['SET GLOBAL validate_password.policy = LOW', [system('validate_password.policy', 'identifier', 'LOW', 'global')]],
  ['SET @@global.hot.key_buffer_size = 1', [system('hot.key_buffer_size', 'number', '1', 'global')]],
  ['SET @@hot.key_buffer_size = 1', [system('hot.key_buffer_size', 'number', '1')]],
  // values
  ['SET a = -5, b = +1.5e-3', [system('a', 'number', '-5'), system('b', 'number', '+1.5e-3')]],
  ['SET a = - 5', [system('a', 'number', '- 5')]],
  ["SET a = 'it''s', b = \"x\"", [system('a', 'string', "'it''s'"), system('b', 'string', '"x"')]],
  ["SET @a = _utf8mb4'x', @b = N'y'", [user('a', 'string', "_utf8mb4'x'"), user('b', 'string', "N'y'")]],
  ["SET @a = _latin1 x'41', @b = 0x41", [user('a', 'hex', "_latin1 x'41'"), user('b', 'hex', '0x41')]],
  ['SET @a = NULL, @b = TRUE', [user('a', 'null', 'NULL'), user('b', 'identifier', 'TRUE')]],
  ["SET @a = 'x' COLLATE utf8mb4_bin", [user('a', 'expression', "'x' COLLATE utf8mb4_bin")]],
  ["SET @a = 'x' 'y'", [user('a', 'expression', "'x' 'y'")]],
  ['SET @a = 1 + 2, @b = 3', [user('a', 'expression', '1 + 2'), user('b', 'number', '3')]],
  ['SET @a = @@sql_mode', [user('a', 'expression', '@@sql_mode')]],
  ['SET @a = @b', [user('a', 'expression', '@b')]],
  ['SET @a = (SELECT 1, 2)', [user('a', 'expression', '(SELECT 1, 2)')]],
  ["SET @a = CONCAT(@@sql_mode, ',STRICT')", [user('a', 'expression', "CONCAT(@@sql_mode, ',STRICT')")]],
  ['SET @a = 1 /* x */', [user('a', 'number', '1')]],
  ['SET @`A b` := 1, @"c""d"=2', [user('a b', 'number', '1'), user('c"d', 'number', '2')]],
  // character sets
  ['SET NAMES utf8mb4', [{ target: 'names', charset: 'utf8mb4', collation: null }]],
  ["SET NAMES 'UTF8MB4' COLLATE 'utf8mb4_bin'", [{ target: 'names', charset: 'utf8mb4', collation: 'utf8mb4_bin' }]],
  ['SET NAMES DEFAULT', [{ target: 'names', charset: null, collation: null }]],
  ['SET NAMES utf8mb4, @a = 1', [{ target: 'names', charset: 'utf8mb4', collation: null }, user('a', 'number', '1')]],
  ['SET @a = 1, NAMES utf8', [user('a', 'number', '1'), { target: 'names', charset: 'utf8', collation: null }]],
  ['SET CHARACTER SET latin1', [{ target: 'charset', charset: 'latin1' }]],
  ["SET CHARSET 'latin1'", [{ target: 'charset', charset: 'latin1' }]],
  ['SET CHAR SET DEFAULT', [{ target: 'charset', charset: null }]],
  ['SET character_set_client = latin1', [system('character_set_client', 'identifier', 'latin1')]],
  // transactions
  ['SET TRANSACTION READ ONLY', [{ target: 'transaction', scope: 'next', text: 'READ ONLY' }]],
  [
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE;',
    [{ target: 'transaction', scope: 'session', text: 'ISOLATION LEVEL READ COMMITTED, READ WRITE' }],
  ],
  ['SET GLOBAL TRANSACTION READ WRITE', [{ target: 'transaction', scope: 'global', text: 'READ WRITE' }]],
  ["SET @@tx_isolation = 'SERIALIZABLE'", [{ target: 'transaction', scope: 'next', text: "'SERIALIZABLE'" }]],
  ["SET tx_isolation = 'SERIALIZABLE'", [system('tx_isolation', 'string', "'SERIALIZABLE'")]],
  // the rest
  ["SET PASSWORD = 'x'", [{ target: 'password' }]],
  ['SET ROLE NONE', [{ target: 'role', text: 'NONE' }]],
  ['SET DEFAULT ROLE ALL TO a@b', [{ target: 'other' }]],
  ['SET RESOURCE GROUP g', [{ target: 'other' }]],
  ['SET STATEMENT a = 1, b = 2 FOR SELECT 1', [{ target: 'statement' }]],
  ['SET STATEMENT a = 1 FOR SET @b = 2', [{ target: 'statement' }, user('b', 'number', '2')]],
  ['SET a 1', [{ target: 'other' }]],
  ['SET a = 1, = 2', [system('a', 'number', '1'), { target: 'other' }]],
  ['SET', [{ target: 'other' }]],
  ['/*!40101 SET NAMES utf8 */', [{ target: 'names', charset: 'utf8', collation: null }]],
  ['/*!50503 SET character_set_client = utf8mb4 */;', [system('character_set_client', 'identifier', 'utf8mb4')]],
  ['SET @a = 1; SELECT 1; SET @b = 2', [user('a', 'number', '1'), user('b', 'number', '2')]],
  ['SELECT 1', []],
];

describe('the assignments of SET', () => {
  it.each(CASES)('%s', (sql, assignments) => {
    expect(classify(sql).assignments).toEqual(assignments);
  });
});
