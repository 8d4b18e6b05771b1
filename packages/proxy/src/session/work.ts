import { classify, ReplyGrammar } from '@myswitch/protocol';
import type { ReplyTracker, Statement } from '@myswitch/protocol';
import type { Backend } from '../backend/backend';
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
  /** What it does to the session. */
  readonly statement: Statement;
  /** Whether the backend has what the command refers to (an open prepared statement). Absent: nothing is needed. */
  ready?(session: Session, backend: Backend): boolean;
  /** Brings it. Rejects with the server's error, which is then the command's reply. */
  prepare?(session: Session, backend: Backend): Promise<void>;
  write(session: Session, backend: Backend): void;
  /** Tells the client that nothing came of it, in place of an ERR as the reply. */
  failed?(session: Session, error: ClientError): void;
  /** After the reply; `ok`: it was no ERR. */
  done?(session: Session, backend: Backend, tracker: ReplyTracker, ok: boolean): void;
}

/** An ERR packet for a client. */
export interface ClientError {
  readonly code: number;
  readonly sqlState: string;
  readonly message: string;
}

/** For commands that neither change the session nor ask about the last statement. */
export const NO_STATEMENT: Statement = classify('SELECT 1');
