import { ServerStatus } from '@myswitch/protocol';
import { Way } from './ground';
import type { Pattern } from './judge';
import { defineVariable, eofsBut, lastEofsBut, sameButCollation, sameButWarnings } from './payloads';

/** Differences that are to go: each entry is removed with what causes it. An entry that nothing needs fails the long test. */
export const FINDINGS: readonly Pattern[] = [
  {
    name: 'F5',
    why: 'a server remembers the parameter types of former executions',
    kind: 'mysql',
    step: /^EXECUTE/,
    direct: /^\\03def\\00\\00\\00\\01\?\\00/,
  },
  {
    name: 'F6',
    why: 'collation of character_set_results, which metadata tells',
    payloads: sameButCollation,
  },
  { name: 'F9', why: 'session_track_* settings', title: /^trackers |tracked as after login$/ },
  {
    name: 'F9',
    why: 'session_track_transaction_info',
    kind: 'mysql',
    direct: /\\05\\09\\08[T_I][\w_]{7}|[@`]\\00\\00\\00\\00$/,
  },
  { name: 'F11', why: 'metadata of what is answered by ourselves', step: /^SELECT (FOUND_ROWS|ROW_COUNT)\(\)$/ },
  { name: 'F12', why: 'types of user variables that are NULL', payloads: defineVariable },
  {
    name: 'F12',
    why: 'types of user variables that are NULL',
    kind: 'mysql',
    title: /^user variables of all types keep them$/,
  },
  {
    name: 'F16, F28',
    why: 'warnings of small commands',
    kind: 'mysql',
    step: /^(PING|INIT_DB)/,
    payloads: sameButWarnings,
  },
  { name: 'F18', why: 'METADATA_CHANGED', way: Way.MOVED, title: /^a changed schema under prepared statements$/ },
  { name: 'F19', why: 'types of long data', kind: 'mariadb', way: Way.MOVED, title: /^long data$/, step: /^EXECUTE/ },
  { name: 'F22', why: 'trackers of SET STATEMENT', kind: 'mariadb', title: /^SET STATEMENT$/ },
  { name: 'F24', why: 'sql_auto_is_null', kind: 'mariadb', step: /WHERE id IS NULL/ },
  { name: 'F25', why: 'read-only and ANSI_QUOTES in the EOF after definitions', payloads: eofsBut(0xffff) },
  {
    name: 'F28',
    why: 'errors that are told by ourselves are not among the warnings',
    step: /^SHOW (WARNINGS|ERRORS)/,
    direct: /1243.*(Unknown prepared statement|precheck)/,
  },
  {
    name: 'F33',
    why: 'FOUND_ROWS() of a reset connection',
    kind: 'mysql',
    title: /^a reset connection forgets$/,
    step: /FOUND_ROWS/,
  },
  { name: 'F27', why: 'SESSION_STATE_CHANGED in an EOF', payloads: lastEofsBut(ServerStatus.SESSION_STATE_CHANGED) },
  {
    name: 'F27',
    why: 'trackers of a reply that ended with EOF come with the next OK',
    title: /^prepared in another context/,
    step: /^SET /,
    direct: /\\0b\\01\\09\\08app_diff|j.*\\01\\09\\08app_diff/,
  },
  {
    name: 'F14',
    why: 'COM_PROCESS_KILL still works, where MySQL 9 knows it no more',
    kind: 'mysql',
    title: /^COM_PROCESS_KILL/,
  },
  { name: 'F21', why: 'KILL USER is refused', step: /^KILL USER/ },
  {
    name: 'F33',
    why: 'FOUND_ROWS() of a reset connection',
    kind: 'mariadb',
    title: /^a reset connection forgets$/,
    step: /FOUND_ROWS/,
  },
];
