/** What a statement is, by its first meaningful words. */
export const StatementKind = Object.freeze({
  SELECT: 'SELECT',
  INSERT: 'INSERT',
  REPLACE: 'REPLACE',
  UPDATE: 'UPDATE',
  DELETE: 'DELETE',
  LOAD: 'LOAD',
  CALL: 'CALL',
  DO: 'DO',
  SET: 'SET',
  USE: 'USE',
  BEGIN: 'BEGIN',
  COMMIT: 'COMMIT',
  ROLLBACK: 'ROLLBACK',
  SAVEPOINT: 'SAVEPOINT',
  SHOW: 'SHOW',
  EXPLAIN: 'EXPLAIN',
  DDL: 'DDL',
  PREPARE: 'PREPARE',
  EXECUTE: 'EXECUTE',
  DEALLOCATE: 'DEALLOCATE',
  LOCK_TABLES: 'LOCK_TABLES',
  UNLOCK_TABLES: 'UNLOCK_TABLES',
  XA: 'XA',
  HANDLER: 'HANDLER',
  KILL: 'KILL',
  FLUSH: 'FLUSH',
  /** Account management: GRANT, REVOKE, and CREATE / ALTER / DROP / RENAME of a user or role. */
  GRANT: 'GRANT',
  ADMIN: 'ADMIN',
  /** More than one statement in one text. */
  MULTI: 'MULTI',
  /** Nothing but white space, comments and semicolons: the server answers 1065. */
  EMPTY: 'EMPTY',
  OTHER: 'OTHER',
} as const);
export type StatementKind = (typeof StatementKind)[keyof typeof StatementKind];

/** What of the previous statement's outcome a statement looks at. */
export const Diagnostic = Object.freeze({
  LAST_INSERT_ID: 'LAST_INSERT_ID',
  FOUND_ROWS: 'FOUND_ROWS',
  ROW_COUNT: 'ROW_COUNT',
  WARNINGS: 'WARNINGS',
} as const);
export type Diagnostic = (typeof Diagnostic)[keyof typeof Diagnostic];

/** What a statement leaves on its backend that can't be made equal on another one. */
export const PinReason = Object.freeze({
  TEMPORARY_TABLE: 'TEMPORARY_TABLE',
  GET_LOCK: 'GET_LOCK',
  LOCK_TABLES: 'LOCK_TABLES',
  /** FLUSH TABLES ... WITH READ LOCK | FOR EXPORT */
  READ_LOCK: 'READ_LOCK',
  /** LOCK INSTANCE FOR BACKUP; MariaDB's BACKUP STAGE and BACKUP LOCK */
  INSTANCE_LOCK: 'INSTANCE_LOCK',
  SQL_PREPARE: 'SQL_PREPARE',
  HANDLER: 'HANDLER',
  XA: 'XA',
  /** SET TRANSACTION without a scope: it holds for the next transaction only. */
  TRANSACTION_CHARACTERISTICS: 'TRANSACTION_CHARACTERISTICS',
  ROLE: 'ROLE',
  /** SET insert_id, rand_seed1, gtid_next, ...: trackers report these wrongly, or a later statement consumes them. */
  ONE_SHOT: 'ONE_SHOT',
  /** MariaDB: NEXT VALUE FOR s leaves the value that PREVIOUS VALUE FOR s then returns in this session only. */
  SEQUENCE: 'SEQUENCE',
} as const);
export type PinReason = (typeof PinReason)[keyof typeof PinReason];

/**
 * A value as SET was given it. `text` is the source text, usable again verbatim in SQL (with sign, introducer and
 * quotes) **under the same SqlMode**: after a change of ANSI_QUOTES or NO_BACKSLASH_ESCAPES it may mean something else.
 */
export interface SqlValue {
  readonly kind: 'number' | 'string' | 'null' | 'default' | 'hex' | 'identifier' | 'expression';
  readonly text: string;
}

export type VariableScope = 'session' | 'global' | 'persist' | 'persist_only';

/** One assignment of a SET statement. Names are unquoted and in lower case. */
export type Assignment =
  /** `name` has a dot for a component's or a structured variable: validate_password.policy. */
  | { readonly target: 'system'; readonly scope: VariableScope; readonly name: string; readonly value: SqlValue }
  | { readonly target: 'user'; readonly name: string; readonly value: SqlValue }
  /** SET NAMES; null means DEFAULT, or that no COLLATE was given. */
  | { readonly target: 'names'; readonly charset: string | null; readonly collation: string | null }
  /** SET CHARACTER SET, SET CHARSET; null means DEFAULT. */
  | { readonly target: 'charset'; readonly charset: string | null }
  /**
   * SET [scope] TRANSACTION, and `SET @@transaction_isolation` and its like without a scope word, which hold for the
   * next transaction only. `text`: what follows TRANSACTION, or what is assigned, verbatim.
   */
  | { readonly target: 'transaction'; readonly scope: 'session' | 'global' | 'next'; readonly text: string }
  /** MariaDB's SET STATEMENT v = … FOR statement: it holds for that statement, which all other fields then describe. */
  | { readonly target: 'statement' }
  /** SET ROLE; `text`: what follows it, verbatim. */
  | { readonly target: 'role'; readonly text: string }
  | { readonly target: 'password' | 'other' };

/**
 * What the proxy has to know of a statement before it forwards it. Frozen, and a function of the text and the SqlMode
 * alone, so it may be cached by them. Where the text leaves a doubt the answer is the careful one: it pins, it isn't
 * read-only, it may commit. What a stored function, procedure or trigger does inside is beyond it.
 */
export interface Statement {
  readonly kind: StatementKind;
  /** 0 for EMPTY, 1 for a plain one. A compound statement or a CREATE with a body is one. */
  readonly statements: number;
  /**
   * An ERR from it can't have changed the session unnoticed. From any other, part of what it says may have happened.
   */
  readonly plain: boolean;
  readonly reads: readonly Diagnostic[];
  /** SQL_CALC_FOUND_ROWS */
  readonly calcFoundRows: boolean;
  /** LAST_INSERT_ID(expr); SET last_insert_id, identity or insert_id. */
  readonly setsLastInsertId: boolean;
  /** CONNECTION_ID() */
  readonly asksConnectionId: boolean;
  /** It calls what may be a stored or loadable function. */
  readonly calls: boolean;
  /** It runs text that is not in front of us, or that is not taken apart: CALL, EXECUTE, a compound statement. */
  readonly opaque: boolean;
  /** Other than by SET it may assign any of its `userVariables`: by `:=`, INTO, as an argument of CALL, in LOAD DATA. */
  readonly assignsUserVariables: boolean;
  readonly pins: readonly PinReason[];
  /** The pins that its success ends. */
  readonly unpins: readonly PinReason[];
  /** SET only, in order. */
  readonly assignments: readonly Assignment[];
  /** USE only: the name, unquoted, as written. */
  readonly schema: string | null;
  /** Every user variable that it reads or writes, once each, unquoted, in lower case. */
  readonly userVariables: readonly string[];
  /** Its success may have committed something: its own work, or by an implicit commit that of the open transaction. */
  readonly mayCommit: boolean;
  /**
   * It certainly only reads, so nobody can tell whether it ran once or twice: no row or table locks, no files written, nothing
   * assigned, no functions but built-in ones.
   */
  readonly repeatable: boolean;
  /**
   * It is repeatable, and any server that has the same data, and a session in the same state, may answer it: it asks for nothing
   * that is one server's own (its variables, locks, files, version and schemas, the state that SHOW tells), nor for what the
   * session's last statement left there.
   */
  readonly readOnly: boolean;
  /**
   * Servers differ on what this text is: it has a versioned executable comment, say, that not all of them run. The
   * other fields are then the careful union of the readings; `assignments` and `schema` are those of the fullest one,
   * so ask the server.
   */
  readonly conditional: boolean;
}
