import type { StatementKind } from './statement';

interface Rule {
  /**
   * Whether an ERR from it leaves the session as it was. A function that isn't built in may do anything before it
   * fails.
   */
  readonly plain: 'yes' | 'unless-it-calls' | 'no';
  /** Whether its success may have committed something. */
  readonly commits: 'yes' | 'if-it-calls' | 'no';
  /** Whether it only reads, if none of its clauses and expressions do more. */
  readonly reads: boolean;
}

/** What holds for each kind of statement, before a look at what is in it. */
export const RULES: Readonly<Record<StatementKind, Rule>> = Object.freeze({
  SELECT: { plain: 'unless-it-calls', commits: 'if-it-calls', reads: true },
  INSERT: { plain: 'unless-it-calls', commits: 'yes', reads: false },
  REPLACE: { plain: 'unless-it-calls', commits: 'yes', reads: false },
  UPDATE: { plain: 'unless-it-calls', commits: 'yes', reads: false },
  DELETE: { plain: 'unless-it-calls', commits: 'yes', reads: false },
  LOAD: { plain: 'no', commits: 'yes', reads: false },
  CALL: { plain: 'no', commits: 'yes', reads: false },
  DO: { plain: 'no', commits: 'if-it-calls', reads: false },
  SET: { plain: 'no', commits: 'if-it-calls', reads: false },
  USE: { plain: 'yes', commits: 'no', reads: false },
  // BEGIN commits the transaction that is open.
  BEGIN: { plain: 'yes', commits: 'yes', reads: false },
  COMMIT: { plain: 'yes', commits: 'yes', reads: false },
  ROLLBACK: { plain: 'yes', commits: 'no', reads: false },
  SAVEPOINT: { plain: 'yes', commits: 'no', reads: false },
  SHOW: { plain: 'unless-it-calls', commits: 'if-it-calls', reads: true },
  EXPLAIN: { plain: 'unless-it-calls', commits: 'if-it-calls', reads: true },
  DDL: { plain: 'yes', commits: 'yes', reads: false },
  PREPARE: { plain: 'no', commits: 'no', reads: false },
  EXECUTE: { plain: 'no', commits: 'yes', reads: false },
  DEALLOCATE: { plain: 'no', commits: 'no', reads: false },
  LOCK_TABLES: { plain: 'no', commits: 'yes', reads: false },
  UNLOCK_TABLES: { plain: 'no', commits: 'yes', reads: false },
  // Its reader tells which of them commit.
  XA: { plain: 'no', commits: 'no', reads: false },
  HANDLER: { plain: 'no', commits: 'if-it-calls', reads: false },
  KILL: { plain: 'no', commits: 'no', reads: false },
  FLUSH: { plain: 'no', commits: 'yes', reads: false },
  GRANT: { plain: 'no', commits: 'yes', reads: false },
  ADMIN: { plain: 'no', commits: 'yes', reads: false },
  MULTI: { plain: 'no', commits: 'yes', reads: false },
  EMPTY: { plain: 'yes', commits: 'no', reads: false },
  OTHER: { plain: 'no', commits: 'yes', reads: false },
});
