import { Capability, encodePacket, ReplyGrammar } from '@myswitch/protocol';
import type { Packet } from '@myswitch/protocol';
import { variantOf } from '../capabilities';
import type { Session } from '../session/session';
import type { Work } from '../session/work';
import { ping as pingServer } from '../backend/exchange';
import { NO_STATEMENT } from './no-statement';
import { unknownCommand } from './unknown-command';

/**
 * COM_PING asks whether *this* connection lives. Where the session can't leave its backend the server is asked too: it
 * counts how long that one rests, in a transaction and altogether.
 */
export function ping(session: Session): Work | null {
  session.rowCountIs(0);
  if (session.keepsBackend) return PING;
  session.sendOk();
  return null;
}

const PING: Work = {
  grammar: null,
  bytes: 0,
  statement: NO_STATEMENT,
  ready: () => false,
  async prepare(_session, backend) {
    await pingServer(backend);
  },
  write: () => undefined,
  done: (session) => session.sendOk(),
};

export function quit(session: Session): null {
  session.end(null);
  return null;
}

/**
 * COM_SET_OPTION: 0 turns multi-statements on, 1 off. Backends of the other variant serve the session from now on; one that
 * it has to keep is made one of them.
 */
export function setOption(session: Session, packet: Packet): Work | null {
  const { payload } = packet;
  if (payload.length < 3) {
    session.sendError({ code: 1835, sqlState: 'HY000', message: 'Malformed communication packet.' });
    return null;
  }
  const option = payload.readUInt16LE(1);
  if (option > 1) return unknownCommand(session);
  if (session.backend !== null) {
    return {
      grammar: ReplyGrammar.SINGLE,
      bytes: payload.length,
      statement: NO_STATEMENT,
      write: (_session, backend) => void backend.write(encodePacket(payload, 0)),
      done(_session, backend, _tracker, ok) {
        if (!ok) return;
        setMultiStatements(session, option === 0);
        backend.variant = session.variant;
      },
    };
  }
  setMultiStatements(session, option === 0);
  session.rowCountIs(-1);
  session.sendEof();
  return null;
}

function setMultiStatements(session: Session, on: boolean): void {
  const bit = Capability.MULTI_STATEMENTS;
  session.capabilities = (on ? session.capabilities | bit : session.capabilities & ~bit) >>> 0;
  session.variant = variantOf(session);
}
