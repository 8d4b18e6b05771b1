import { encodePacket, ReplyGrammar } from '@myswitch/protocol';
import type { Packet } from '@myswitch/protocol';
import type { Session } from '../session/session';
import { NO_STATEMENT } from './no-statement';
import type { Work } from '../session/work';

/** COM_INIT_DB. The server tells with its OK which schema that is; when it says nothing, it is as the client spelled it. */
export function initDb(_session: Session, packet: Packet): Work {
  const named = packet.payload.toString('latin1', 1);
  return {
    ...forwarded(packet, ReplyGrammar.SINGLE),
    done(session, backend, _tracker, ok) {
      if (!ok || session.reply.trackers.some(({ kind }) => kind === 'schema')) return;
      session.context = backend.context = session.context.withSchema(named);
    },
  };
}

/** COM_FIELD_LIST. */
export function fieldList(_session: Session, packet: Packet): Work {
  return forwarded(packet, ReplyGrammar.FIELD_LIST);
}

/** COM_DEBUG, COM_REFRESH, COM_SHUTDOWN: the server knows who may, and whether it still has them. */
export function administer(_session: Session, packet: Packet): Work {
  return forwarded(packet, ReplyGrammar.SINGLE);
}

/** COM_PROCESS_INFO. */
export function processInfo(_session: Session, packet: Packet): Work {
  return forwarded(packet, ReplyGrammar.QUERY);
}

/** COM_STATISTICS. */
export function statistics(_session: Session, packet: Packet): Work {
  return forwarded(packet, ReplyGrammar.STATISTICS);
}

function forwarded(packet: Packet, grammar: ReplyGrammar): Work {
  const bytes = packet.raw ?? encodePacket(packet.payload, 0);
  return {
    grammar,
    bytes: bytes.length,
    statement: NO_STATEMENT,
    write: (_session, backend) => void backend.write(bytes),
  };
}
