import { encodePacket, encodeStatementReset, patchStatementId, ReplyGrammar, statementId } from '@myswitch/protocol';
import type { Packet } from '@myswitch/protocol';
import { prepareStatement } from '../backend/exchange';
import { transition } from '../session/replay';
import type { Session } from '../session/session';
import { NO_STATEMENT } from './no-statement';
import type { Work } from '../session/session';
import { keyOn, pinStatements, unknownStatement } from './statement-state';

/** COM_STMT_SEND_LONG_DATA has no reply; the server keeps the data until EXECUTE, so the session is pinned. */
export function sendLongData(session: Session, packet: Packet): Work | null {
  const id = statementId(packet.payload);
  const prepared = session.statements.get(id);
  if (prepared === undefined) return null; // as the server does: EXECUTE will tell
  prepared.use = 'EXCLUSIVE';
  const { payload } = packet;
  return {
    grammar: null,
    bytes: payload.length,
    statement: NO_STATEMENT,
    ready: (_session, backend) => backend.statements.get(keyOn(session, prepared)) !== undefined,
    async prepare(_session, backend) {
      await transition(backend, prepared.context);
      const opened = await prepareStatement(backend, prepared.sql);
      backend.statements.set(keyOn(session, prepared), { id: opened, types: null });
      await transition(backend, session.context);
    },
    write(_session, backend) {
      patchStatementId(payload, backend.statements.get(keyOn(session, prepared))!.id);
      backend.write(encodePacket(payload, 0));
    },
    done() {
      session.longData.add(id);
      pinStatements(session);
    },
  };
}

/** COM_STMT_CLOSE has no reply. Backends close what is least used, so nothing is sent, unless it has state of its own. */
export function closeStatement(session: Session, packet: Packet): null {
  const id = statementId(packet.payload);
  const prepared = session.statements.get(id);
  if (prepared === undefined) return null;
  if (prepared.use === 'EXCLUSIVE')
    (session.backend ?? session.lastBackend)?.statements.delete(keyOn(session, prepared));
  session.statements.delete(id);
  session.cursors.delete(id);
  session.longData.delete(id);
  pinStatements(session);
  session.leaveIfUnpinned();
  return null;
}

/** COM_STMT_RESET: drops long data and the cursor. */
export function resetStatement(session: Session, packet: Packet): Work | null {
  const id = statementId(packet.payload);
  const prepared = session.statements.get(id);
  if (prepared === undefined) return unknownStatement(session, id, 'mysqld_stmt_reset');
  if (!session.cursors.has(id) && !session.longData.has(id)) {
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
    done() {
      session.cursors.delete(id);
      session.longData.delete(id);
      pinStatements(session);
    },
  };
}
