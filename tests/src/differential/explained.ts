import { ServerStatus } from '@myswitch/protocol';
import { Way } from './ground';
import type { Pattern } from './judge';
import { eofsBut, tellSame } from './payloads';

const OF_STATEMENT =
  ServerStatus.IN_TRANS |
  ServerStatus.MORE_RESULTS_EXISTS |
  ServerStatus.NO_INDEX_USED |
  ServerStatus.NO_GOOD_INDEX_USED |
  ServerStatus.METADATA_CHANGED |
  ServerStatus.SESSION_STATE_CHANGED |
  ServerStatus.PS_OUT_PARAMS;

/** Differences that stay, and why. An entry that nothing needs fails the long test. */
export const EXPLAINED: readonly Pattern[] = [
  {
    name: 'weak pins end with a switch',
    why: 'warnings last until the next statement: a switch does not wait for them, and who then asks is told',
    way: Way.MOVED,
    got: /ERR 1105 .*what WARNINGS would tell is gone/,
  },
  {
    name: 'SQL_CALC_FOUND_ROWS ends with a switch',
    why: 'as warnings do',
    way: Way.MOVED,
    title: /^SQL_CALC_FOUND_ROWS$/,
    got: /ERR 1105 .*what FOUND_ROWS would tell is gone/,
  },
  {
    name: 'counts end with a switch',
    why: 'ROW_COUNT and FOUND_ROWS that only the server knew: who asks is told',
    way: Way.MOVED,
    got: /ERR 1105 .*what (FOUND_ROWS|ROW_COUNT) would tell is gone/,
  },
  {
    name: 'GET DIAGNOSTICS ends with a switch',
    why: 'as warnings do; what was to be set is not',
    way: Way.MOVED,
    title: /^GET DIAGNOSTICS/,
  },
  {
    name: 'metadata of what is computed with our own counts',
    why: 'a number stands where the function was',
    way: Way.MOVED,
    step: /FOUND_ROWS\(\) \+ 0/,
  },
  {
    name: 'warnings of a statement before a SET',
    why: 'what a SET changed is read back, which clears the list: who asks for older warnings then is told',
    way: Way.PROXIED,
    got: /ERR 1105 .*what WARNINGS would tell is gone/,
  },
  {
    name: 'order of trackers',
    why: 'MariaDB tells changed variables in the order of a hash table, which is another one where more of them are tracked',
    kind: 'mariadb',
    payloads: tellSame,
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
    name: 'row numbers in errors that have no rows',
    why: 'MariaDB names the row that an earlier statement on the same connection was at',
    kind: 'mariadb',
    direct: /at row \d+$/,
    got: /at row \d+$/,
  },
  {
    name: 'status in the EOF after definitions',
    why: 'for clients without CLIENT_DEPRECATE_EOF: what the statement does to the status is known from the end of its reply only, and rows do not wait for it',
    payloads: eofsBut(OF_STATEMENT),
  },
  {
    name: 'auto-increment values that nobody has',
    why: 'values that a failed or rolled back INSERT took, or one that reserved too many, are not replicated: the other server gives them out',
    way: Way.MOVED,
    title: /^(auto-increment after what failed|INSERT)$/,
  },
];
