import { BUILT_IN_FUNCTIONS, GLUED_FUNCTIONS, RESERVED_WORDS } from './known-words';
import { WordTable } from './words';

/** Reserved words and built-in functions that say nothing to the classifier but that no stored function is called. */
export const KNOWN = 1;

/** The words that the classifier acts upon. */
export const K = Object.freeze({
  // the first word of a statement
  ALTER: 2,
  ANALYZE: 3,
  BACKUP: 4,
  BEGIN: 5,
  BINLOG: 6,
  CACHE: 7,
  CALL: 8,
  CASE: 9,
  CHANGE: 10,
  CHECK: 11,
  CHECKSUM: 12,
  CLONE: 13,
  COMMIT: 14,
  CREATE: 15,
  DEALLOCATE: 16,
  DECLARE: 17,
  DELETE: 18,
  DESC: 19,
  DESCRIBE: 20,
  DO: 21,
  DROP: 22,
  EXECUTE: 23,
  EXPLAIN: 24,
  FLUSH: 25,
  FOR: 26,
  GET: 27,
  GRANT: 28,
  HANDLER: 29,
  HELP: 30,
  IF: 31,
  IMPORT: 32,
  INSERT: 33,
  INSTALL: 34,
  KILL: 35,
  LOAD: 36,
  LOCK: 37,
  LOOP: 38,
  OPTIMIZE: 39,
  PREPARE: 40,
  PURGE: 41,
  RELEASE: 42,
  RENAME: 43,
  REPAIR: 44,
  REPEAT: 45,
  REPLACE: 46,
  RESET: 47,
  RESTART: 48,
  REVOKE: 49,
  ROLLBACK: 50,
  SAVEPOINT: 51,
  SELECT: 52,
  SET: 53,
  SHOW: 54,
  SHUTDOWN: 55,
  START: 56,
  STOP: 57,
  TABLE: 58,
  TRUNCATE: 59,
  UNINSTALL: 60,
  UNLOCK: 61,
  UPDATE: 62,
  USE: 63,
  VALUES: 64,
  WHILE: 65,
  WITH: 66,
  XA: 67,
  // words inside one
  DATA: 70,
  DEFAULT: 71,
  DIAGNOSTICS: 72,
  END: 73,
  ERRORS: 74,
  EVENT: 75,
  EXPORT: 76,
  FUNCTION: 77,
  INDEX: 78,
  INSTANCE: 79,
  INTO: 80,
  LIBRARY: 81,
  NEXT: 82,
  NOT: 83,
  OPEN: 84,
  PACKAGE: 85,
  PROCEDURE: 86,
  READ: 87,
  ROLE: 88,
  SHARE: 89,
  SQL_CALC_FOUND_ROWS: 90,
  STAGE: 91,
  TABLES: 92,
  TEMPORARY: 93,
  TO: 94,
  TRANSACTION: 95,
  TRIGGER: 96,
  USER: 97,
  VALUE: 98,
  WARNINGS: 99,
  XML: 100,
  OTHER_OBJECT: 101,
  RESERVED_OBJECT: 102,
  // SET
  CHARACTER: 110,
  CHARSET: 111,
  COLLATE: 112,
  GLOBAL: 113,
  LOCAL: 114,
  NAMES: 115,
  PASSWORD: 116,
  PERSIST: 117,
  PERSIST_ONLY: 118,
  RESOURCE: 119,
  SESSION: 120,
  STATEMENT: 121,
  NULL: 122,
  // functions and variables
  FOUND_ROWS: 130,
  GET_LOCK: 131,
  LASTVAL: 132,
  LAST_INSERT_ID: 133,
  NEXTVAL: 134,
  RELEASE_ALL_LOCKS: 135,
  RELEASE_LOCK: 136,
  ROW_COUNT: 137,
  SETVAL: 138,
  ERROR_COUNT: 139,
  IDENTITY: 140,
  INSERT_ID: 141,
  WARNING_COUNT: 142,
  CONNECTION_ID: 143,
  AGAINST: 144,
  /** Functions whose answer is the server's own. */
  LOCAL_FUNCTION: 145,
  GLUED_FUNCTION: 146,
  LOCAL_SCHEMA: 147,
  CURRVAL: 148,
} as const);

/** Schemas that each server has for itself. */
export const LOCAL_SCHEMAS = ['MYSQL', 'SYS', 'INFORMATION_SCHEMA', 'PERFORMANCE_SCHEMA'] as const;

const knownWords = new Set([...RESERVED_WORDS, ...BUILT_IN_FUNCTIONS]);
const words = new Map<string, number>();
for (const word of knownWords) words.set(word, KNOWN);
/** By a word's number: whether it may be a stored function's name. */
const storable = new Uint8Array(256);
storable[0] = 1;
for (const [word, id] of Object.entries(K)) {
  words.set(word, id);
  if (!knownWords.has(word)) storable[id] = 1;
}
for (const word of ['SEQUENCE', 'SERVER', 'TABLESPACE', 'UNDO', 'VIEW']) words.set(word, K.OTHER_OBJECT);
for (const word of ['DATABASE', 'FULLTEXT', 'SCHEMA', 'SPATIAL', 'UNIQUE']) words.set(word, K.RESERVED_OBJECT);
for (const word of ['IS_FREE_LOCK', 'IS_USED_LOCK', 'LOAD_FILE', 'MASTER_POS_WAIT', 'VERSION'])
  words.set(word, K.LOCAL_FUNCTION);
for (const word of GLUED_FUNCTIONS) words.set(word, K.GLUED_FUNCTION);
for (const schema of LOCAL_SCHEMAS) words.set(schema, K.LOCAL_SCHEMA);
for (const name of ['OTHER_OBJECT', 'RESERVED_OBJECT', 'LOCAL_FUNCTION', 'GLUED_FUNCTION', 'LOCAL_SCHEMA'])
  words.delete(name);
storable[K.RESERVED_OBJECT] = 0;

export const KEYWORDS = new WordTable(words);

/**
 * Whether `word (` may call a stored or loadable function; takes the word's number in KEYWORDS, 0 for any other word.
 */
export function mayBeStoredFunction(word: number): boolean {
  return storable[word] === 1;
}
