import type { Case } from '../case';
import { CHARSETS } from './charsets';
import { DEFINITIONS } from './definitions';
import { DIAGNOSTICS } from './diagnostics';
import { FOUND } from './found';
import { MARIADB } from './mariadb';
import { MYSQL } from './mysql';
import { PINS } from './pins';
import { PREPARED } from './prepared';
import { PROTOCOL } from './protocol';
import { TRANSACTIONS } from './transactions';
import { TYPES } from './types';
import { VARIABLES } from './variables';
import { WRITES } from './writes';

/** By theme. Titles are unique. */
export const CORPUS: Readonly<Record<string, readonly Case[]>> = {
  variables: VARIABLES,
  diagnostics: DIAGNOSTICS,
  transactions: TRANSACTIONS,
  charsets: CHARSETS,
  types: TYPES,
  prepared: PREPARED,
  protocol: PROTOCOL,
  definitions: DEFINITIONS,
  writes: WRITES,
  pins: PINS,
  'found at random': FOUND,
  'MariaDB alone': MARIADB,
  'MySQL alone': MYSQL,
};
