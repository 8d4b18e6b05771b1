import { PinReason as StatementPin } from '@myswitch/protocol';

/** Why a session can't leave its backend. */
export const Pin = Object.freeze({
  ...StatementPin,
  /** user variables with names or values that can't be set again elsewhere */
  USER_VARIABLE: 'USER_VARIABLE',
  /** SAVEPOINT with autocommit off, before the transaction's first statement */
  SAVEPOINT: 'SAVEPOINT',
  /** COM_STMT_SEND_LONG_DATA: the server gathers a parameter */
  LONG_DATA: 'LONG_DATA',
  /** a server-side cursor is open */
  CURSOR: 'CURSOR',
  /** it is a replica, which the server sends its binary log */
  REPLICATION_STREAM: 'REPLICATION_STREAM',
  /** something changed that nobody can read back: in a procedure, a trigger, or a statement that failed half way */
  UNKNOWN_STATE: 'UNKNOWN_STATE',
} as const);
export type Pin = (typeof Pin)[keyof typeof Pin];

/** Why a session keeps its backend until its next statement, unless somebody needs it more. */
export const WeakPin = Object.freeze({
  /** SQL_CALC_FOUND_ROWS: FOUND_ROWS() is more than the rows that were sent */
  FOUND_ROWS: 'FOUND_ROWS',
  WARNINGS: 'WARNINGS',
} as const);
export type WeakPin = (typeof WeakPin)[keyof typeof WeakPin];
