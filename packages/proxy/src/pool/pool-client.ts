import type { Backend } from '../backend/backend';
import type { Holder } from '../backend/holder';
import type { ProxyError } from '../errors';
import type { Account } from '../accounts/account';
import type { Blocking, SessionRow } from '../plane/types';
import type { SessionContext } from '../session/context';

/** A session, as far as the pool needs to know it. */
export interface PoolClient extends Holder {
  readonly account: Account;
  /** host:port */
  readonly client: string;
  readonly variant: number;
  readonly context: SessionContext;
  readonly lastBackend: Backend | null;
  /** Its command has to run where no schema was ever chosen. */
  readonly needsNoSchema: boolean;
  /** When its present command began, or was let through the gate. */
  readonly since: number;
  /** Bytes that it keeps while it waits. */
  readonly waitingBytes: number;
  /** The pool has a backend for it. */
  granted(backend: Backend): void;
  /** Its wait ended without one. */
  denied(error: ProxyError): void;
  refuse(reason: string): void;
  /** The gate opened: it asks again. True if it has a backend then. */
  retry(): boolean;
  /** Whether its command may run on a node that is not open yet: a plain read, outside of transactions. It remembers that it was asked. */
  readEarly(): boolean;
  endWeakPins(): void;
  /** What a switch would have to wait for. */
  blocking(): Blocking | null;
  /** A look at the time that its client takes; `now`: by the pool's clock. */
  watch(now: number): void;
  killForSwitch(): Promise<void>;
  kill(what: 'query' | 'connection'): void;
  /** For SHOW SESSIONS. */
  row(): SessionRow;
}
