import type { Packet, Statement } from '@myswitch/protocol';
import type { Backend } from '../backend/backend';
import { query, queryText } from '../backend/exchange';
import { isMariadb } from '../backend/node-baseline';
import type { KillOutcome, KillRequest } from '../pool/peers';
import { INTERRUPTED } from '../session/client-error';
import type { Session } from '../session/session';
import type { Work } from '../session/work';
import { FIRST_SESSION_ID } from '../session/session-id';
import { NO_STATEMENT } from './no-statement';
import { withOwnId } from './own-id';
import { ownText, queryWork } from './text';
import { unknownCommand } from './unknown-command';
import type { QueryText } from './text';

const KILL = /^\s*kill\s+(?:(?:hard|soft)\s+)?(?:(connection|query)\s+)?(.+?)\s*;?\s*$/is;
const OWN_ID = /^connection_id\s*\(\s*\)$/i;
/** MariaDB's KILL USER: it would mean sessions that hold no connection at the moment, too. */
const USER = /^user\s/i;
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
  const [, word, target] = KILL.exec(sql) ?? [];
  if (target === undefined || USER.test(target)) {
    if (!isMariadb(session.pool.baseline)) return queryWork(session, text, statement); // it has no such thing
    session.sendError({
      code: 1105,
      sqlState: 'HY000',
      message: 'MySwitch: KILL takes an id; this form of it is not passed on',
    });
    return null;
  }
  const what = word?.toLowerCase() === 'query' ? 'query' : 'connection';
  if (OWN_ID.test(target)) return killSelf(session, what);
  if (!/^\d+$/.test(target)) return evaluating(requestOf(session, 0, what), withOwnId(session, target));
  return kill(session, Number(target), what, queryWork(session, text, statement));
}

/** COM_PROCESS_KILL, which MySQL 9 knows no more. */
export function processKill(session: Session, packet: Packet): Work | null {
  const { baseline } = session.pool;
  if (!isMariadb(baseline) && Number.parseInt(baseline?.serverVersion ?? '', 10) >= 9) return unknownCommand(session);
  const id = packet.payload.length >= 5 ? packet.payload.readUInt32LE(1) : 0;
  const onServer = queryWork(session, ownText(`KILL ${id}`), NO_STATEMENT);
  onServer.once = true;
  return kill(session, id, 'connection', onServer);
}

function kill(session: Session, id: number, what: 'query' | 'connection', onServer: Work): null {
  if (id === session.id) return killSelf(session, what);
  const request = requestOf(session, id, what);
  session.ask(session.pool.peers.killSession(request), (outcome) => {
    if (outcome === 'UNKNOWN' && id < FIRST_SESSION_ID) return onServer;
    if (outcome === 'DENIED') return askingForPrivilege(request);
    answer(session, id, outcome);
    return null;
  });
  return null;
}

function requestOf(session: Session, id: number, what: 'query' | 'connection'): KillRequest {
  return { pool: session.pool.options.name, id, what, user: session.account.name, privileged: false };
}

function killSelf(session: Session, what: 'query' | 'connection'): null {
  if (what === 'query') session.sendError(INTERRUPTED);
  else session.end(isMariadb(session.pool.baseline) ? KILLED : INTERRUPTED);
  return null;
}

/** KILL @id and the like: the server tells which id that is. `expression`: as latin1. */
function evaluating(request: KillRequest, expression: string): Work {
  let id = 0;
  let outcome: KillOutcome = 'UNKNOWN';
  return {
    grammar: null,
    bytes: expression.length,
    statement: NO_STATEMENT,
    once: true,
    ready: () => false,
    async prepare(session, backend) {
      const { rows } = await queryText(backend, `SELECT CAST((${expression}) AS UNSIGNED)`);
      id = Number(rows[0]?.[0]?.toString('latin1') ?? 0);
      if (id === session.id) return;
      outcome = await killAs(session, backend, { ...request, id });
      if (outcome === 'UNKNOWN' && id < FIRST_SESSION_ID) {
        await query(backend, `KILL ${request.what} ${id}`);
        outcome = 'DONE';
      }
    },
    write: () => undefined,
    done(session) {
      if (id === session.id) killSelf(session, request.what);
      else answer(session, id, outcome);
    },
  };
}

async function killAs(session: Session, backend: Backend, request: KillRequest): Promise<KillOutcome> {
  const { peers } = session.pool;
  const outcome = await peers.killSession(request);
  if (outcome !== 'DENIED' || !(await isPrivileged(backend))) return outcome;
  return peers.killSession({ ...request, privileged: true });
}

async function isPrivileged(backend: Backend): Promise<boolean> {
  const { rows } = await query(backend, 'SHOW GRANTS');
  return rows.some(([grant]) => PRIVILEGED.test(grant?.toString('latin1') ?? ''));
}

/** Asks the server whether this account may kill the sessions of others. */
function askingForPrivilege(request: KillRequest): Work {
  let outcome: KillOutcome = 'DENIED';
  return {
    grammar: null,
    bytes: 0,
    statement: NO_STATEMENT,
    once: true,
    ready: () => false,
    async prepare(session, backend) {
      outcome = await killAs(session, backend, request);
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
