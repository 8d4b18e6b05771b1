import type { Packet, Statement } from '@myswitch/protocol';
import { query } from '../backend/exchange';
import { isMariadb } from '../backend/node-baseline';
import type { KillOutcome, KillRequest } from '../pool/peers';
import { INTERRUPTED } from '../session/client-error';
import type { Session } from '../session/session';
import type { Work } from '../session/work';
import { FIRST_SESSION_ID } from '../session/session-id';
import { NO_STATEMENT } from './no-statement';
import { ownText, queryWork } from './text';
import type { QueryText } from './text';

const KILL = /^\s*kill\s+(?:(?:hard|soft)\s+)?(?:(connection|query)\s+)?(\d+|connection_id\s*\(\s*\))\s*;?\s*$/i;
/** MariaDB's KILL QUERY ID: a number that only the server gives. */
const QUERY_ID = /^\s*kill\s+(?:(?:hard|soft)\s+)?query\s+id\s/i;
/** What lets an account kill the connections of others, as SHOW GRANTS names it. */
const PRIVILEGED = /\b(SUPER|CONNECTION[_ ]ADMIN)\b.* ON \*\.\*|\bALL PRIVILEGES ON \*\.\*/;

const KILLED = { code: 1927, sqlState: '70100', message: 'Connection was killed' };

/**
 * KILL [CONNECTION | QUERY] id. The id is one that the client knows as a connection's, which is ours, or one that a server
 * told it: that may be a connection that some session of ours is using now. In both cases the session is meant, whichever
 * process carries it. An id of neither kind is for the server.
 */
export function killStatement(session: Session, text: QueryText, statement: Statement): Work | null {
  const { sql } = text;
  if (QUERY_ID.test(sql)) return queryWork(session, text, statement);
  const match = KILL.exec(sql);
  if (match === null) {
    session.sendError({
      code: 1105,
      sqlState: 'HY000',
      message: 'MySwitch: KILL takes an id; this form of it is not passed on',
    });
    return null;
  }
  const id = /^\d/.test(match[2]!) ? Number(match[2]) : session.id;
  const what = match[1]?.toLowerCase() === 'query' ? 'query' : 'connection';
  return kill(session, id, what, queryWork(session, text, statement));
}

/** COM_PROCESS_KILL. */
export function processKill(session: Session, packet: Packet): Work | null {
  const id = packet.payload.length >= 5 ? packet.payload.readUInt32LE(1) : 0;
  return kill(session, id, 'connection', queryWork(session, ownText(`KILL ${id}`), NO_STATEMENT));
}

function kill(session: Session, id: number, what: 'query' | 'connection', onServer: Work): null {
  if (id === session.id) {
    if (what === 'query') session.sendError(INTERRUPTED);
    else session.end(isMariadb(session.pool.baseline) ? KILLED : INTERRUPTED);
    return null;
  }
  const request = { pool: session.pool.options.name, id, what, user: session.account.name, privileged: false };
  session.ask(session.pool.peers.killSession(request), (outcome) => {
    if (outcome === 'UNKNOWN' && id < FIRST_SESSION_ID) return onServer;
    if (outcome === 'DENIED') return askingForPrivilege(request);
    answer(session, id, outcome);
    return null;
  });
  return null;
}

/** Asks the server whether this account may kill the sessions of others. */
function askingForPrivilege(request: KillRequest): Work {
  let outcome: KillOutcome = 'DENIED';
  return {
    grammar: null,
    bytes: 0,
    statement: NO_STATEMENT,
    ready: () => false,
    async prepare(session, backend) {
      const { rows } = await query(backend, 'SHOW GRANTS');
      if (!rows.some(([grant]) => PRIVILEGED.test(grant?.toString('latin1') ?? ''))) return;
      outcome = await session.pool.peers.killSession({ ...request, privileged: true });
    },
    write: () => undefined,
    done: (session) => answer(session, request.id, outcome),
  };
}

function answer(session: Session, id: number, outcome: KillOutcome): void {
  if (outcome === 'DONE') return session.sendOk();
  session.sendError(
    outcome === 'DENIED'
      ? { code: 1095, sqlState: 'HY000', message: `You are not owner of thread ${id}` }
      : { code: 1094, sqlState: 'HY000', message: `Unknown thread id: ${id}` },
  );
}
