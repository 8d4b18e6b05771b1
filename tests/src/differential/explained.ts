import { ServerStatus } from '@myswitch/protocol';
import { Way } from './ground';
import type { Pattern } from './judge';
import {
  defineVariable,
  eofsBut,
  lastEofsBut,
  sameButCollation,
  sameButWarnings,
  sameNumberBehindNull,
  tellSame,
} from './payloads';

/** Of a statement that has not ended yet. */
const OF_STATEMENT =
  ServerStatus.IN_TRANS |
  ServerStatus.IN_TRANS_READONLY |
  ServerStatus.MORE_RESULTS_EXISTS |
  ServerStatus.NO_INDEX_USED |
  ServerStatus.NO_GOOD_INDEX_USED |
  ServerStatus.CURSOR_EXISTS |
  ServerStatus.LAST_ROW_SENT |
  ServerStatus.METADATA_CHANGED |
  ServerStatus.SESSION_STATE_CHANGED |
  ServerStatus.PS_OUT_PARAMS |
  ServerStatus.ANSI_QUOTES;

/**
 * Differences that stay, and why, as `docs/compatibility.md` tells them: what an application may notice first. An entry that
 * nothing needs fails the long test.
 */
export const EXPLAINED: readonly Pattern[] = [
  // ---- errors in place of what is not known any more
  {
    name: 'warnings are gone after a switch: SHOW WARNINGS answers error 1105',
    why: 'warnings last until the next statement only, and a switch does not wait for a client to ask; it is never told of none where there were some',
    way: Way.MOVED,
    got: /ERR 1105 .*what WARNINGS would tell is gone/,
  },
  {
    name: 'SQL_CALC_FOUND_ROWS: FOUND_ROWS() right after a switch answers error 1105',
    why: 'as with warnings',
    way: Way.MOVED,
    title: /^SQL_CALC_FOUND_ROWS$/,
    got: /ERR 1105 .*what FOUND_ROWS would tell is gone/,
  },
  {
    name: 'ROW_COUNT() and FOUND_ROWS() right after a switch answer error 1105 where a reply did not tell the number',
    why: 'MySwitch counts along with the replies; what only the server counted stays there',
    way: Way.MOVED,
    got: /ERR 1105 .*what (FOUND_ROWS|ROW_COUNT) would tell is gone/,
  },
  {
    name: 'FOUND_ROWS() after a statement that is no SELECT may answer error 1105',
    rare: true,
    why: 'what it is then only the server knows that had the last SELECT, if there was one, and other sessions may have used the connection since',
    way: Way.PROXIED,
    title: /^a random session$/,
    step: /^SELECT FOUND_ROWS\(\)$/,
    got: /ERR 1105 .*what FOUND_ROWS would tell is gone/,
  },
  {
    name: 'GET DIAGNOSTICS right after a switch answers error 1105',
    why: 'as with warnings; what was to be set is not',
    way: Way.MOVED,
    title: /^GET DIAGNOSTICS/,
  },
  {
    name: 'SHOW WARNINGS after a SET without warnings answers error 1105 when a statement before it had some',
    why: 'what a SET changed is read back, which clears the server’s list',
    way: Way.PROXIED,
    got: /ERR 1105 .*what WARNINGS would tell is gone/,
  },
  {
    name: 'KILL USER is refused',
    why: 'on the server it would end connections that many sessions share, and none of the sessions that rest',
    kind: 'mariadb',
    step: /^KILL USER/,
    got: /^ERR 1105 .*KILL takes an id/,
  },
  // ---- values
  {
    name: 'auto-increment values that nobody has',
    why: 'values that a failed or rolled back INSERT took, or one that reserved too many, are not replicated: the other server gives them out',
    way: Way.MOVED,
    title: /^(auto-increment after what failed|INSERT)$/,
  },
  {
    name: 'a parameter that stands for itself (SELECT ?), executed with values of several types',
    why: 'MySQL goes on with the type of the first execution. MySwitch shares open statements between sessions, one for each list of types: each execution is as the first with its types',
    kind: 'mysql',
    title: /^(parameters of all types|long data|a random session)$/,
    step: /^EXECUTE/,
    direct: /^\\03def\\00\\00\\00\\01\?\\00/,
  },
  {
    name: 'type of a user variable in the result of a prepared statement',
    rare: true,
    why: 'MySQL goes on with the type that the variable had when the statement was prepared. After a switch the statement is prepared anew, with the type of then: the value is the same, and the definitions say which type it has',
    kind: 'mysql',
    way: Way.MOVED,
    title: /^a random session$/,
    step: /^EXECUTE/,
    payloads: sameNumberBehindNull,
  },
  {
    name: 'OUT parameters of a statement whose types are not sent again',
    why: 'MariaDB reads a parameter otherwise once it was an OUT parameter, which a statement prepared anew does not',
    kind: 'mariadb',
    way: Way.MOVED,
    title: /^OUT parameters of a prepared statement/,
    step: /"bound":true/,
  },
  {
    name: 'sql_auto_is_null = 1: WHERE id IS NULL finds the last row again after a switch',
    why: 'that it was found once is known to the server that found it; LAST_INSERT_ID() comes along',
    kind: 'mariadb',
    way: Way.MOVED,
    step: /WHERE id IS NULL/,
  },
  {
    name: 'SELECT @@session_track_schema, _state_change, _gtids and _system_variables show MySwitch’s settings',
    why: 'servers have to tell MySwitch more than a client asks for; the client is told what it asked for, but not of its own change of these',
    title: /^trackers (that the client asks for|of transactions)$/,
    step: /session_track_|sort_buffer_size/,
  },
  {
    name: 'a transaction that ends as the next one begins (COMMIT AND CHAIN, BEGIN in a transaction), to clients with CLIENT_SESSION_TRACK',
    why: 'MySQL says that something of the session has changed, and then not what; MySwitch says nothing',
    kind: 'mysql',
    step: /^(COMMIT|ROLLBACK|BEGIN|START TRANSACTION)\b/,
    direct: /^\\00\\00\\00\\03@\\00\\00\\00\\00$/,
    got: /^\\00\\00\\00\\03\\00\\00\\00$/,
  },
  {
    name: 'errors that MySwitch tells itself are not in SHOW WARNINGS and SHOW ERRORS',
    why: 'the server never heard of the statement: an unknown id of a prepared statement, for one',
    step: /^SHOW (WARNINGS|ERRORS)/,
    direct: /1243.*(Unknown prepared statement|precheck)/,
  },
  {
    name: 'FOUND_ROWS() before any SELECT',
    why: 'MariaDB tells what is left of another connection; MySwitch tells 0',
    kind: 'mariadb',
    title: /^(FOUND_ROWS|a reset connection forgets|a random session)$/,
    step: /FOUND_ROWS\(\)/,
    got: /\\010$/,
  },
  {
    name: 'SHOW CREATE TABLE of a table made of user variables may name a collation that is the default anyway',
    why: 'a user variable is set again with its collation by name',
    kind: 'mysql',
    way: Way.MOVED,
    title: /^user variables of all types/,
    step: /^SHOW CREATE TABLE/,
    got: / COLLATE latin1_swedish_ci\\0a\) ENGINE/,
  },
  {
    name: 'row numbers in errors that have no rows',
    rare: true,
    why: 'MariaDB names the row that an earlier statement on the same connection was at',
    kind: 'mariadb',
    direct: /at row \d+$/,
    got: /at row \d+$/,
  },
  // ---- metadata, counts of warnings, flags
  {
    name: 'collation in the metadata of results',
    why: 'which collation the results’ character set has can’t be asked of a server; values, and COLLATION(), are the same',
    payloads: sameButCollation,
  },
  {
    name: 'type in the metadata of a user variable that was never set',
    why: 'on a shared connection somebody may have had one of that name: then it is NULL as a binary text is',
    payloads: defineVariable,
  },
  {
    name: 'metadata of what is computed with FOUND_ROWS() or ROW_COUNT()',
    why: 'where the count is MySwitch’s, a number stands in the statement in place of the function',
    kind: 'mariadb',
    way: Way.MOVED,
    step: /FOUND_ROWS\(\) \+ 0/,
  },
  {
    name: 'no warning that FOUND_ROWS() is deprecated',
    why: 'the same',
    kind: 'mysql',
    step: /FOUND_ROWS\(\)/,
    payloads: sameButWarnings,
  },
  {
    name: 'type in the metadata of a parameter after long data',
    why: 'MariaDB remembers that a parameter was a long text once; a statement prepared anew does not',
    kind: 'mariadb',
    way: Way.MOVED,
    title: /^long data$/,
    step: /^EXECUTE/,
  },
  {
    name: 'count of warnings that a ping, COM_INIT_DB or COM_SET_OPTION tells',
    why: 'MySQL tells the count of the statement before; MySwitch answers pings itself, and errors of its own are not counted',
    kind: 'mysql',
    step: /^(PING|INIT_DB|SET_OPTION)/,
    payloads: sameButWarnings,
  },
  {
    name: 'status flag METADATA_CHANGED',
    why: 'a statement that was prepared anew on another server has no former definition that could have changed',
    way: Way.MOVED,
    title: /^a changed schema under prepared statements$/,
    step: /^EXECUTE/,
  },
  {
    name: 'status flags and count of warnings before the rows, for clients without CLIENT_DEPRECATE_EOF',
    why: 'what a statement does is known from the end of its reply, and rows do not wait for that; there they are right',
    payloads: eofsBut(OF_STATEMENT),
  },
  {
    name: 'status flag SESSION_STATE_CHANGED behind rows, for clients without CLIENT_DEPRECATE_EOF',
    why: 'an EOF can’t tell what changed',
    kind: 'mariadb',
    payloads: lastEofsBut(ServerStatus.SESSION_STATE_CHANGED),
  },
  {
    name: 'session trackers of a reply that ended with an EOF',
    why: 'servers tell them with the next OK, to clients with CLIENT_SESSION_TRACK and without CLIENT_DEPRECATE_EOF; MySwitch does not',
    title: /^(prepared in another context|a random session$)/,
    step: /^[A-Z]/,
    direct: /\\0b\\01\\09\\08app_diff|j.*\\01\\09\\08app_diff|\\01\\0[0-9a-f]\\0[0-9a-f]app_diff/,
  },
  {
    name: 'session trackers of a statement that failed',
    rare: true,
    why: 'MySQL tells them with the next OK, and after an error that may be the one to a question of MySwitch’s own',
    kind: 'mysql',
    title: /^a random session$/,
    direct: /\\05\\09\\08________$/,
  },
  {
    name: 'session trackers of a variable that SET STATEMENT has put back',
    why: 'MariaDB tells of it as soon as any tracked variable changes, and for MySwitch more are tracked',
    kind: 'mariadb',
    title: /^SET STATEMENT$/,
    got: /\\09time_zone\\06SYSTEM$/,
  },
  {
    name: 'order of session trackers',
    why: 'MariaDB tells changed variables in the order of a hash table, which is another one where more of them are tracked',
    kind: 'mariadb',
    payloads: tellSame,
  },
];
