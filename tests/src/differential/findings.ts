import { Way } from './ground';
import type { Pattern } from './judge';
import { defineVariable, eofsBut } from './payloads';

/** Differences that are to go: each entry is removed with what causes it. An entry that nothing needs fails the long test. */
export const FINDINGS: readonly Pattern[] = [
  {
    name: 'F1',
    why: 'a variable that the server refused to set is set by the replay',
    kind: 'mysql',
    got: /ERR 1227|^<Access denied; you need/,
  },
  { name: 'F2', why: 'GET DIAGNOSTICS after what went well', title: /^GET DIAGNOSTICS/ },
  {
    name: 'F3',
    why: 'COMMIT RELEASE does not end the connection',
    title: /^read only transactions$/,
    step: /^SELECT 1$/,
  },
  { name: 'F4', why: 'a savepoint before the first statement', way: Way.MOVED, got: /SAVEPOINT \w+ does not exist/ },
  {
    name: 'F5',
    why: 'a server remembers the parameter types of former executions',
    kind: 'mysql',
    step: /^EXECUTE/,
    direct: /^\\03def\\00\\00\\00\\01\?\\00/,
  },
  {
    name: 'F6',
    why: 'a reset connection has the global character set',
    kind: 'mysql',
    direct: /\\0c\\ff\\00/,
    got: /\\0c-\\00/,
  },
  { name: 'F7', why: 'trackers of COM_CHANGE_USER', step: /^CHANGE_USER/ },
  {
    name: 'F8',
    why: 'a user changed in vain',
    kind: 'mariadb',
    title: /^a user (that is changed in vain|changed to a miss)/,
  },
  { name: 'F9', why: 'session_track_* settings', title: /^trackers |tracked as after login$/ },
  {
    name: 'F9',
    why: 'session_track_transaction_info',
    kind: 'mysql',
    direct: /\\05\\09\\08[T_I][\w_]{7}|@\\00\\00\\00\\00$/,
  },
  {
    name: 'F10',
    why: 'FOUND_ROWS and ROW_COUNT in more than a whole statement',
    way: Way.MOVED,
    got: /ERR 1105 .*what (FOUND_ROWS|ROW_COUNT) would tell is gone/,
  },
  { name: 'F11', why: 'metadata of what is answered by ourselves', step: /^SELECT (FOUND_ROWS|ROW_COUNT)\(\)$/ },
  { name: 'F12', why: 'types of user variables that are NULL', payloads: defineVariable },
  {
    name: 'F12',
    why: 'types of user variables that are NULL',
    kind: 'mysql',
    title: /^user variables of all types keep them$/,
  },
  { name: 'F13', why: 'FETCH without a cursor', direct: /ERR 1421/, got: /ERR 1243/ },
  { name: 'F14', why: 'text of an unknown statement', kind: 'mysql', direct: /mysql_stmt_precheck/ },
  { name: 'F15, F26', why: 'COM_SET_OPTION', title: /^COM_SET_OPTION$/ },
  { name: 'F16', why: 'warnings of COM_PING', kind: 'mysql', step: /^PING$/ },
  { name: 'F17', why: 'commands not passed on', title: /^COM_(DEBUG|SHUTDOWN|REFRESH|PROCESS_KILL)/ },
  { name: 'F18', why: 'METADATA_CHANGED', way: Way.MOVED, title: /^a changed schema under prepared statements$/ },
  { name: 'F19', why: 'types of long data', kind: 'mariadb', way: Way.MOVED, title: /^long data$/, step: /^EXECUTE/ },
  { name: 'F20', why: 'CONNECTION_ID() in a user variable', way: Way.MOVED, step: /^SELECT @id = CONNECTION_ID/ },
  { name: 'F21', why: 'KILL with an expression', got: /this form of KILL/ },
  { name: 'F21', why: 'KILL with an expression', title: /^a session that ends itself by KILL$/, step: /^SELECT 2$/ },
  { name: 'F22', why: 'trackers of SET STATEMENT', kind: 'mariadb', title: /^SET STATEMENT$/ },
  { name: 'F23', why: 'metadata of CURRENT_ROLE()', kind: 'mariadb', title: /^roles$/, step: /CURRENT_ROLE/ },
  { name: 'F24', why: 'sql_auto_is_null', kind: 'mariadb', step: /WHERE id IS NULL/ },
  { name: 'F25', why: 'read-only and ANSI_QUOTES in the EOF after definitions', payloads: eofsBut(0xffff) },
  {
    name: 'F27',
    why: 'trackers of a reply that ended with EOF come with the next OK',
    title: /^prepared in another context/,
    step: /^SET /,
    direct: /\\0b\\01\\09\\08app_diff|j.*\\01\\09\\08app_diff/,
  },
];
