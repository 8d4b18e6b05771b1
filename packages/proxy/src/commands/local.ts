import { Capability, encodeEof, encodePacket } from '@myswitch/protocol';
import type { Packet } from '@myswitch/protocol';
import type { Session } from '../session/session';
import { variantOf } from '../capabilities';

/** COM_PING asks whether *this* connection lives. */
export function ping(session: Session): null {
  session.sendOk();
  return null;
}

export function quit(session: Session): null {
  session.end(null);
  return null;
}

/** COM_SET_OPTION: 0 turns multi-statements on, 1 off. Backends of the other variant serve the session from now on. */
export function setOption(session: Session, packet: Packet): null {
  if (packet.payload.length < 3) {
    session.sendError({ code: 1835, sqlState: 'HY000', message: 'Malformed communication packet.' });
    return null;
  }
  const option = packet.payload.readUInt16LE(1);
  if (option > 1) {
    session.sendError({ code: 1047, sqlState: '08S01', message: 'Unknown command' });
    return null;
  }
  if (session.backend !== null) {
    session.sendError({
      code: 1105,
      sqlState: 'HY000',
      message: 'MySwitch: COM_SET_OPTION inside a transaction or while pinned is not passed on',
    });
    return null;
  }
  const bit = Capability.MULTI_STATEMENTS;
  session.capabilities = (option === 0 ? session.capabilities | bit : session.capabilities & ~bit) >>> 0;
  session.variant = variantOf(session);
  if (session.deprecateEof) session.sendOk();
  else session.write(encodePacket(encodeEof({ warnings: 0, status: session.plainStatus }), 1));
  return null;
}
