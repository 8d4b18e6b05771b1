import { decodeChangeUser, textOf } from '@myswitch/protocol';
import type { AcceptedLogin, ClientLoginStep, Packet, PasswordCheck } from '@myswitch/protocol';
import type { Account } from '../accounts/account';
import type { Candidate } from '../accounts/account-table';
import type { Admission } from '../accounts/logins';
import { charsetRefusal, contextFor, isMariadb, resetContextFor } from '../backend/node-baseline';
import { enterSchema } from '../backend/exchange';
import type { ClientError } from '../session/client-error';
import type { Session } from '../session/session';
import type { Work } from '../session/work';
import { accessDenied, rejection } from './access-denied';
import { NO_STATEMENT } from './no-statement';
import { UNKNOWN_COMMAND } from './unknown-command';
import { wipeWork } from './wipe';

/** MariaDB knows the command no more after so many that failed. */
const MAX_FAILED = 3;

/**
 * COM_CHANGE_USER: authenticates again here, then the session is as new, for that account. One that fails ends the
 * connection on MySQL; on MariaDB the session stays its former user's, as new.
 */
export function changeUser(session: Session, packet: Packet): Work | null {
  if (session.failedChanges >= MAX_FAILED) return refuse(session, UNKNOWN_COMMAND);
  const step = session.login.changeUser(decodeChangeUser(packet.payload, session.capabilities));
  return proceed(session, step, packet.sequence);
}

function proceed(session: Session, step: ClientLoginStep<Candidate>, sequence: number): Work | null {
  session.replySequence = (sequence + 1) & 0xff;
  switch (step.kind) {
    case 'send':
      session.sendPayload(step.payload);
      session.expectAuthentication(session.replySequence, (packet) => {
        const work = proceed(session, session.login.receive(packet.payload), packet.sequence);
        if (work !== null) session.run(work);
      });
      return null;
    case 'check':
      check(session, step.check, sequence);
      return null;
    case 'rejected':
      session.pool.logins.failed(step.user, session.facts);
      return refuse(session, rejection(step, session.client));
    case 'start-tls':
      throw new Error('TLS can begin at login only');
    case 'accepted':
      return accept(session, step);
  }
}

function check(session: Session, question: PasswordCheck, sequence: number): void {
  const source = session.facts.address ?? 'localhost';
  const checked = session.pool.passwordChecks
    .run(question, { source, wanted: () => !session.closed })
    .catch((error: Error) => error);
  session.ask(checked, (result) => {
    if (!(result instanceof Error)) return proceed(session, session.login.checked(result), sequence);
    session.end(session.pool.logins.notChecked(result, session.facts));
    return null;
  });
}

/** Before it became somebody else. */
function refuse(session: Session, error: ClientError): Work | null {
  if (!isMariadb(session.pool.baseline)) {
    session.end(error);
    return null;
  }
  if (session.backend !== null) return wipeWork(() => remain(session, error));
  session.forget();
  remain(session, error);
  return null;
}

/** MariaDB: the session was reset, but to the server's own character sets. */
function remain(session: Session, error: ClientError): void {
  session.context = session.context.withValues(session.pool.baseline!.globalCharset, new Map());
  session.failedChanges++;
  session.sendError(error);
}

function accept(session: Session, login: AcceptedLogin<Candidate>): Work | null {
  const unfit = charsetRefusal(session.pool.baseline!, login.characterSet);
  if (unfit !== null) return refuse(session, unfit);
  const admitted = session.pool.logins.admit(login, session.facts, () => !session.closed, session.permit);
  if (!(admitted instanceof Promise)) return changeTo(session, login, admitted);
  session.ask(admitted, (answer) => changeTo(session, login, answer));
  return null;
}

function changeTo(session: Session, login: AcceptedLogin<Candidate>, admitted: Admission | ClientError): Work | null {
  const { pool } = session;
  if (!('account' in admitted)) {
    pool.logins.failed(login.user, session.facts);
    return refuse(session, admitted);
  }
  const { account, permit } = admitted;
  session.permit = permit;
  for (const payload of login.respond) session.sendPayload(payload);
  if (session.backend === null) {
    let next: Work | null = null;
    become(session, account, login, (work) => (next = work));
    return next;
  }
  // gives up what the former account holds on its backend first
  return wipeWork(() => become(session, account, login, (work) => session.runNext(work)));
}

function become(
  session: Session,
  account: Account,
  { characterSet, database }: AcceptedLogin<Candidate>,
  run: (work: Work) => void,
): void {
  session.forget();
  const { account: formerAccount, context: formerContext, resetContext: formerReset } = session;
  const baseline = session.pool.baseline!;
  // MariaDB forgets what the login's capabilities set here too
  const kept = baseline.resetKeeps === 'CAPABILITIES' ? session.variant : 0;
  session.account = account;
  session.context = contextFor(baseline, characterSet, kept);
  session.resetContext = resetContextFor(baseline, characterSet, session.variant);
  enter(session, database, run, (error) => {
    if (!isMariadb(session.pool.baseline)) return session.end(error);
    session.account = formerAccount;
    session.context = formerContext;
    session.resetContext = formerReset;
    remain(session, error);
  });
}

/**
 * The end of a login: the client's OK, at once, or after `run` has run what has to come before it: a server has to accept
 * the schema that was named, and to let an account in that was learned from it. `schema`: the client's bytes as latin1.
 */
export function enter(
  session: Session,
  schema: string | null,
  run: (work: Work) => void,
  failed: (error: ClientError) => void,
): void {
  if (schema === null && session.pool.isConfirmed(session.account)) session.sendOk();
  else run(entering(schema, failed));
}

function entering(schema: string | null, failed: (error: ClientError) => void): Work {
  return {
    grammar: null,
    bytes: schema?.length ?? 0,
    statement: NO_STATEMENT,
    ...(schema === null ? {} : { entersSchema: true as const }),
    ready: () => false,
    async prepare(session, backend) {
      if (schema === null) return;
      const entered = await enterSchema(backend, schema);
      session.context = backend.context = session.context.withSchema(entered);
    },
    write: () => undefined,
    done: (session) => {
      const { schema: entered } = session.context;
      session.sendOk(entered === null ? [] : [{ kind: 'schema', name: textOf(entered) }]);
    },
    failed: (session, error) => failed(asAtLogin(session, error)),
  };
}

/** A server's refusal of our own login is one of the client's. */
function asAtLogin(session: Session, error: ClientError): ClientError {
  return error.code === ACCESS_DENIED ? accessDenied(session.account.name, session.client, true) : error;
}

const ACCESS_DENIED = 1045;
