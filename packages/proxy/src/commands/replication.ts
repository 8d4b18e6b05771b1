import { encodePacket, ReplyGrammar } from '@myswitch/protocol';
import type { Packet } from '@myswitch/protocol';
import { Pin } from '../session/pins';
import type { Session } from '../session/session';
import type { Work } from '../session/work';
import { NO_STATEMENT } from './no-statement';

/** COM_REGISTER_SLAVE: the server's session is that replica's from now on. */
export function registerReplica(_session: Session, packet: Packet): Work {
  const bytes = packet.raw ?? encodePacket(packet.payload, 0);
  return {
    grammar: ReplyGrammar.SINGLE,
    bytes: bytes.length,
    statement: NO_STATEMENT,
    write: (_, backend) => void backend.write(bytes),
    done(session, _backend, _tracker, ok) {
      if (ok) session.pin(Pin.REPLICATION_STREAM);
    },
  };
}

/**
 * COM_BINLOG_DUMP, COM_BINLOG_DUMP_GTID: events without an end. What the replica says meanwhile (semi-synchronous
 * replication's acknowledgements) goes to the server as it comes; a session that said anything ends with the stream.
 */
export function binlogDump(_session: Session, packet: Packet): Work {
  const bytes = packet.raw ?? encodePacket(packet.payload, 0);
  return {
    grammar: ReplyGrammar.STREAM,
    bytes: bytes.length,
    statement: NO_STATEMENT,
    write(session, backend) {
      session.pin(Pin.REPLICATION_STREAM);
      backend.write(bytes);
      session.stream.relay();
    },
    done(session, _backend, _tracker, ok) {
      session.stream.stop();
      // servers close then; what the client said meanwhile went where it can't be had back
      if (!ok) session.end(null);
    },
  };
}
