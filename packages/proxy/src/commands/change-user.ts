import { decodeChangeUser } from '@myswitch/protocol';
import type { AcceptedLogin, ClientLoginStep, Packet, PasswordCheck } from '@myswitch/protocol';
import type { Candidate } from '../accounts/account-table';
import type { Admission } from '../accounts/logins';
import { contextFor, resetContextFor } from '../backend/node-baseline';
import { useSchema } from '../backend/exchange';
import type { ClientError } from '../session/client-error';
import type { Session } from '../session/session';
import type { Work } from '../session/work';
import { accessDenied } from './access-denied';
import { NO_STATEMENT } from './no-statement';
import { wipeWork } from './wipe';

/** COM_CHANGE_USER: authenticates again here, then the session is as new, for that account. */
export function changeUser(session: Session, packet: Packet): Work | null {
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
      session.end(accessDenied(step.user, session.client, step.usedPassword));
      return null;
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

function accept(session: Session, login: AcceptedLogin<Candidate>): Work | null {
  const admitted = session.pool.logins.admit(login, session.facts, () => !session.closed, session.permit);
  if (!(admitted instanceof Promise)) return changeTo(session, login, admitted);
  session.ask(admitted, (answer) => changeTo(session, login, answer));
  return null;
}

function changeTo(session: Session, login: AcceptedLogin<Candidate>, admitted: Admission | ClientError): Work | null {
  const { pool } = session;
  if (!('account' in admitted)) {
    pool.logins.failed(login.user, session.facts);
    session.end(admitted);
    return null;
  }
  const { account, permit } = admitted;
  session.permit = permit;
  for (const payload of login.respond) session.sendPayload(payload);
  const become = (): void => {
    session.forget();
    session.account = account;
    const baseline = pool.baseline!;
    const { characterSet } = login;
    // MariaDB forgets what the login's capabilities set here too
    const kept = baseline.resetKeeps === 'CAPABILITIES' ? session.variant : 0;
    session.context = contextFor(baseline, characterSet, kept);
    session.resetContext = resetContextFor(baseline, characterSet, session.variant);
  };
  if (session.backend !== null) {
    // gives up what the former account holds on its backend first
    return wipeWork(() => {
      become();
      enter(session, login.database, (work) => session.runNext(work));
    });
  }
  become();
  let next: Work | null = null;
  enter(session, login.database, (work) => (next = work));
  return next;
}

/**
 * The end of a login: the client's OK, at once, or after `run` has run what has to come before it: a server has to accept
 * the schema that was named, and to let an account in that was learned from it.
 */
export function enter(session: Session, schema: string | null, run: (work: Work) => void): void {
  if (schema === null && session.pool.isConfirmed(session.account)) session.sendOk();
  else run(entering(schema));
}

function entering(schema: string | null): Work {
  return {
    grammar: null,
    bytes: schema?.length ?? 0,
    statement: NO_STATEMENT,
    ...(schema === null ? {} : { entersSchema: true as const }),
    ready: () => false,
    async prepare(session, backend) {
      if (schema === null) return;
      await useSchema(backend, schema);
      session.context = backend.context = session.context.withSchema(schema);
    },
    write: () => undefined,
    done: (session) => session.sendOk(),
    failed: (session, error) => session.end(asAtLogin(session, error)),
  };
}

/** A server's refusal of our own login is one of the client's. */
function asAtLogin(session: Session, error: ClientError): ClientError {
  return error.code === ACCESS_DENIED ? accessDenied(session.account.name, session.client, true) : error;
}

const ACCESS_DENIED = 1045;
