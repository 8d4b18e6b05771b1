import { decodeChangeUser } from '@myswitch/protocol';
import type { ClientLoginStep, Packet } from '@myswitch/protocol';
import { contextFor, resetContextFor } from '../backend/node-baseline';
import { useSchema } from '../backend/exchange';
import type { Session } from '../session/session';
import { NO_STATEMENT } from './no-statement';
import type { Work } from '../session/session';
import { accessDenied } from './access-denied';
import { wipeWork } from './wipe';

/** COM_CHANGE_USER: authenticates again here, then the session is as new, for that account. */
export function changeUser(session: Session, packet: Packet): Work | null {
  const step = session.login.changeUser(decodeChangeUser(packet.payload, session.capabilities));
  return proceed(session, step, packet.sequence);
}

function proceed(session: Session, step: ClientLoginStep, sequence: number): Work | null {
  session.replySequence = (sequence + 1) & 0xff;
  switch (step.kind) {
    case 'send':
      session.sendPayload(step.payload);
      session.expectAuthentication(session.replySequence, (packet) => {
        const work = proceed(session, session.login.receive(packet.payload), packet.sequence);
        if (work !== null) session.run(work);
      });
      return null;
    case 'rejected':
      session.end(accessDenied(step.user, session.client, step.usedPassword));
      return null;
    case 'start-tls':
      throw new Error('TLS can begin at login only');
    case 'accepted': {
      for (const payload of step.respond) session.sendPayload(payload);
      const enter = (): void => {
        const { pool } = session;
        session.forget();
        session.account = pool.account(step.user)!;
        const baseline = pool.baseline!;
        const { characterSet } = step;
        // MariaDB forgets what the login's capabilities set here too
        const kept = baseline.resetKeeps === 'CAPABILITIES' ? session.variant : 0;
        session.context = contextFor(baseline, characterSet, kept);
        session.resetContext = resetContextFor(baseline, characterSet, session.variant);
      };
      const { database } = step;
      if (session.backend !== null) {
        // gives up what the former account holds on its backend first
        return wipeWork(() => {
          enter();
          if (database === null) session.sendOk();
          else session.runNext(enterSchema(database));
        });
      }
      enter();
      if (database !== null) return enterSchema(database);
      session.sendOk();
      return null;
    }
  }
}

/** The schema that a login names: the client's OK waits until a server has accepted it. */
export function enterSchema(schema: string): Work {
  return {
    grammar: null,
    bytes: schema.length,
    statement: NO_STATEMENT,
    entersSchema: true,
    ready: () => false,
    async prepare(session, backend) {
      await useSchema(backend, schema);
      session.context = backend.context = session.context.withSchema(schema);
    },
    write: () => undefined,
    done: (session) => session.sendOk(),
    failed: (session, error) => session.end(error),
  };
}
