/** Who holds, or last held, a backend: a session, as far as a backend needs to know it. */
export interface Holder {
  /** As the client sees it. */
  readonly id: number;
  readonly closed: boolean;
  /** LAST_INSERT_ID(); null: only the backend that it had last knows. */
  readonly lastInsertId: number | bigint | null;
  /** The backend that knows it is being asked. */
  insertIdPending: Promise<void> | null;
  /** That backend told it, before it went to somebody else; null: it had none. */
  insertIdRead(value: Buffer | null): void;
  /** Gives up a backend that it keeps for weak pins only; true if it did. */
  releaseWeakPins(): boolean;
  /** The connection ended while it was held and nothing was under way. */
  backendLost(reason: string): void;
}
