import { ServerStatus, textOf } from '@myswitch/protocol';
import type { Blocking, SessionRow } from '../plane/types';
import { SessionPhase } from './phase';
import type { Session } from './session';

/** What a switch would have to wait for. */
export function blocking(session: Session): Blocking | null {
  if (session.backend === null) return null;
  const base = { session: session.id, user: session.account.name, client: session.client };
  const now = session.pool.clock.now();
  if (session.mayBeginAgain) return null;
  const { since } = session.pins;
  if (since !== null) return { ...base, kind: 'pinned', reason: session.pins.reasons.join(','), ageMs: now - since };
  const ageMs = now - session.backend.heldSince;
  if (session.inTransaction) {
    // nobody began it: a driver that turned autocommit off reads or writes, and leaves it open
    const reason = (session.status & ServerStatus.AUTOCOMMIT) === 0 ? 'TRANSACTION_AUTOCOMMIT_OFF' : 'TRANSACTION';
    return { ...base, kind: 'busy', reason, ageMs };
  }
  if (session.weakPins.size > 0 && session.phase === SessionPhase.IDLE) return null;
  return { ...base, kind: 'busy', reason: 'STATEMENT', ageMs };
}

/** For SHOW SESSIONS. */
export function row(session: Session): SessionRow {
  const { schema } = session.context;
  return {
    session: session.id,
    user: session.account.name,
    client: session.client,
    schema: schema === null ? null : textOf(schema),
    node: session.backend?.pool.node.name ?? null,
    state: session.phase,
    pins: session.pins.reasons,
    weakPins: [...session.weakPins],
    ageMs: session.pool.clock.now() - session.since,
  };
}
