import type { Cause, ReplyGrammar, ReplyTracker, Statement } from '@myswitch/protocol';
import type { Backend } from '../backend/backend';
import type { ClientError } from './client-error';
import type { Session } from './session';

/**
 * A command of a client that needs a backend. Made once it is decoded; written as soon as the session has a backend that
 * means the same as the session.
 */
export interface Work {
  /** Which packets answer it; null: none do. */
  readonly grammar: ReplyGrammar | null;
  /** Bytes that it keeps while it waits. */
  readonly bytes: number;
  /** It chooses a schema before anything else, so it may run where another one is chosen. */
  readonly entersSchema?: true;
  /** What it does to the session. */
  readonly statement: Statement;
  /** By name, what it begins and ends of that; absent: it can't be told. */
  readonly causes?: readonly Cause[] | undefined;
  /**
   * Text of a statement that does nothing but open a transaction, or give the next one its characteristics, as latin1; null
   * for what does nothing in a transaction.
   */
  readonly opens?: string | null | undefined;
  /** Its statement, as latin1, where it is sent as a text. */
  readonly sql?: string;
  /** It asks for a cursor, so that the reply may have no rows. */
  readonly opensCursor?: boolean;
  /** It does more than its statement says, so it is never run a second time. */
  once?: true;
  /** It gives up whatever the session has on its backend. */
  readonly wipes?: true;
  /** It rolls the open transaction back, and nothing else. */
  rollsBack?: true;
  /** Whether the server may answer it by asking for a file of the client's. Absent: it may not. */
  mayLoadFile?(session: Session): boolean;
  /** Whether the backend has what the command refers to (an open prepared statement). Absent: nothing is needed. */
  ready?(session: Session, backend: Backend): boolean;
  /** Asks for it behind a replay that was written but not answered; null: it can't be asked for that early. */
  ahead?(session: Session, backend: Backend): ((replayed: boolean) => Promise<void>) | null;
  /** Brings it. Rejects with the server's error, which is then the command's reply. */
  prepare?(session: Session, backend: Backend): Promise<void>;
  write(session: Session, backend: Backend): void;
  /** Tells the client that nothing came of it, in place of an ERR as the reply. */
  failed?(session: Session, error: ClientError): void;
  /** After the reply; `ok`: it was no ERR. */
  done?(session: Session, backend: Backend, tracker: ReplyTracker, ok: boolean): void;
}
