import type { ReplySink, ReplyTracker } from '@myswitch/protocol';

/**
 * Who gets the reply to a command that was written to a backend: a client (passed), nobody (ignored) or our own code
 * (awaited). Exactly one of `complete` and `lost` is called, once.
 */
export interface ReplyReceiver extends ReplySink {
  /** All that one chunk held has been handed over: a receiver that gathers may write now. */
  flush(): void;
  complete(tracker: ReplyTracker): void;
  /** The connection ended before the reply did. `reason` is for people. */
  lost(reason: string): void;
}
