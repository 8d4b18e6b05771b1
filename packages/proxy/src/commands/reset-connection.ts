import type { Packet } from '@myswitch/protocol';
import type { Session } from '../session/session';
import type { Work } from '../session/work';
import { wipeWork } from './wipe';

/** COM_RESET_CONNECTION: as a new login, with the schema as it is. */
export function resetConnection(session: Session, _packet: Packet): Work | null {
  if (session.backend !== null) return wipeWork(() => session.sendOk());
  session.forget();
  session.sendOk();
  return null;
}
