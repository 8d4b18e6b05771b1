import type { Kind } from '@myswitch/testkit';

/**
 * What a statement is to whoever sends reads to replicas.
 * read: any server with the same data may answer it.
 * write: it writes, locks rows or tables, runs what may write, or is refused by both kinds for its form.
 * keep: a replica accepts it, but its answer or its effect belongs to one server or to one connection.
 */
export type Label = 'read' | 'write' | 'keep';

/** One statement of the corpus, as plain data. Characters are bytes (latin1), as classify() gets them. */
export interface Labelled {
  readonly label: Label;
  readonly sql: string;
  /** Default: both. Where a text has another meaning on the other kind, the label is the careful one of the two. */
  readonly kind?: Kind;
  /** sql_mode of the session; default: the server's. */
  readonly sqlMode?: string;
}

const labelled =
  (label: Label) =>
  (sqls: readonly string[], more: Omit<Labelled, 'label' | 'sql'> = {}): readonly Labelled[] =>
    sqls.map((sql) => ({ label, sql, ...more }));

export const reads = labelled('read');
export const writes = labelled('write');
export const keeps = labelled('keep');
