import { encodePacket, encodeStatementReset, patchStatementId, ReplyGrammar } from '@myswitch/protocol';
import type { Packet } from '@myswitch/protocol';
import { closeDropped } from '../backend/exchange';
import type { Session } from '../session/session';
import { NO_STATEMENT } from './no-statement';
import type { Work } from '../session/work';
import { ensureOpen, keyOn, noteUse, openOn, pinStatements, statementOf, unknownStatement } from './statement-state';

/** COM_STMT_SEND_LONG_DATA has no reply; the server keeps the data until EXECUTE, so the session is pinned. */
export function sendLongData(session: Session, packet: Packet): Work | null {
  const prepared = statementOf(session, packet.payload);
  if (prepared === undefined) return null; // as the server does: EXECUTE will tell
  prepared.use = 'EXCLUSIVE';
  const { payload } = packet;
  return {
    grammar: null,
    bytes: payload.length,
    statement: NO_STATEMENT,
    ready: (_session, backend) => openOn(session, backend, prepared) !== undefined,
    prepare: (_session, backend) => ensureOpen(session, backend, prepared),
    write(_session, backend) {
      patchStatementId(payload, backend.statements.get(keyOn(session, prepared))!.id);
      backend.write(encodePacket(payload, 0));
    },
    done(_session, backend) {
      session.longData.add(prepared.id);
      noteUse(session, backend, prepared);
    },
  };
}

/** COM_STMT_CLOSE has no reply. Backends close what is least used, so nothing is sent, unless it has state of its own. */
export function closeStatement(session: Session, packet: Packet): null {
  const prepared = statementOf(session, packet.payload);
  if (prepared === undefined) return null;
  const { id } = prepared;
  if (prepared.use === 'EXCLUSIVE')
    (session.backend ?? session.lastBackend)?.statements.delete(keyOn(session, prepared));
  if (session.backend !== null) closeDropped(session.backend);
  session.statements.delete(id);
  session.cursors.delete(id);
  session.longData.delete(id);
  pinStatements(session);
  session.leaveIfUnpinned();
  return null;
}

/** COM_STMT_RESET: drops long data and the cursor. */
export function resetStatement(session: Session, packet: Packet): Work | null {
  const prepared = statementOf(session, packet.payload);
  if (prepared === undefined) return unknownStatement(session, packet.payload, 'mysqld_stmt_reset');
  const { id } = prepared;
  if (!session.cursors.has(id) && !session.longData.has(id)) {
    session.rowCountIs(0);
    session.sendOk();
    return null;
  }
  return {
    grammar: ReplyGrammar.SINGLE,
    bytes: packet.payload.length,
    statement: NO_STATEMENT,
    write(_session, backend) {
      const open = backend.statements.get(keyOn(session, prepared))!;
      backend.write(encodePacket(encodeStatementReset(open.id), 0));
    },
    done(_session, backend) {
      session.cursors.delete(id);
      session.longData.delete(id);
      noteUse(session, backend, prepared);
    },
  };
}
