import type { Packet } from '@myswitch/protocol';
import type { Session } from '../session/session';

const KILL = /^\s*kill\s+(?:(hard|soft)\s+)?(?:(connection|query)\s+)?(\d+)\s*;?\s*$/i;

/**
 * KILL [CONNECTION | QUERY] id. The id is what the client sees as its connection id, which is ours: on a server it would
 * be some other session. So it is never passed on; sessions of other workers are not found.
 */
export function killStatement(session: Session, sql: string): null {
  const match = KILL.exec(sql);
  if (match === null) {
    session.sendError({ code: 1105, sqlState: 'HY000', message: 'MySwitch: this form of KILL is not passed on' });
    return null;
  }
  return kill(session, Number(match[3]), match[2]?.toLowerCase() === 'query' ? 'query' : 'connection');
}

/** COM_PROCESS_KILL. */
export function processKill(session: Session, packet: Packet): null {
  return kill(session, packet.payload.length >= 5 ? packet.payload.readUInt32LE(1) : 0, 'connection');
}

function kill(session: Session, id: number, what: 'query' | 'connection'): null {
  const target = [...session.pool.sessions].find((other) => other.id === id && other.account === session.account);
  if (target === undefined) {
    session.sendError({ code: 1094, sqlState: 'HY000', message: `Unknown thread id: ${id}` });
    return null;
  }
  target.kill(what);
  if (!session.closed) session.sendOk();
  return null;
}
