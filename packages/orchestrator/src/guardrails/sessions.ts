import type { GuardrailAnswer } from '../report';
import { known, pass, refuse } from './answer';
import { some, type BypassingSession, type ServerFacts } from './facts';

type Guardrail = (facts: ServerFacts) => GuardrailAnswer;

const nameOf = (session: BypassingSession): string => `${session.user} from ${session.host} (connection ${session.id})`;

const bypass: Guardrail = (facts) =>
  known('BYPASS', facts.bypassing, (sessions) => {
    const found = sessions.filter((session) => !session.allowed);
    if (found.length === 0) {
      return pass('BYPASS', `every session on ${facts.from.name} comes through MySwitch or is allowed`);
    }
    const who = some(found.map(nameOf));
    switch (facts.plan.bypass) {
      case 'refuse':
        return refuse('BYPASS', `on ${facts.from.name}, not through MySwitch: ${who}`);
      case 'kill':
        return pass('BYPASS', `will be ended: ${who}`);
      case 'ignore':
        return pass('BYPASS', `ignored, and will get error 1290 when they write: ${who}`);
    }
  });

/** Accounts may be written 'user'@'host' or user@host; a session only has its user. */
const mayWrite = (account: string, user: string): boolean => account.replaceAll(/[`']/g, '').split('@')[0] === user;

const superWriters: Guardrail = (facts) =>
  known('SUPER_WRITERS', facts.inspection.from, ({ superWriters: accounts }) =>
    known('SUPER_WRITERS', facts.bypassing, (sessions) => {
      const stay = sessions.filter((session) => session.allowed || facts.plan.bypass === 'ignore');
      const found = stay.filter((session) => accounts.some((account) => mayWrite(account, session.user)));
      return found.length === 0
        ? pass('SUPER_WRITERS', 'no session that stays may write through read_only')
        : refuse('SUPER_WRITERS', `may write to ${facts.from.name} in spite of read_only: ${some(found.map(nameOf))}`);
    }),
  );

const busy: Guardrail = ({ blocking, plan, pool }) => {
  const { fenceMs, applyMs, rollbackMs } = pool.switch;
  const longest = plan.drainMs + fenceMs + applyMs + rollbackMs;
  if (longest >= pool.hold.maxMs) {
    return refuse(
      'BUSY',
      `a drain of ${plan.drainMs} ms does not fit: with fence ${fenceMs} ms, apply ${applyMs} ms and rollback ${rollbackMs} ms ` +
        `it reaches hold.max ${pool.hold.maxMs} ms`,
    );
  }
  return known('BUSY', blocking, (sessions) => {
    const found = sessions.filter((session) => session.kind === 'busy' && session.ageMs > plan.drainMs);
    const who = some(
      found.map(
        (session) =>
          `session ${session.session} of ${session.user} (${session.reason}, ${Math.round(session.ageMs)} ms)`,
      ),
    );
    if (found.length === 0) {
      return pass('BUSY', 'nothing runs longer than the drain');
    }
    return plan.onBusy === 'kill'
      ? pass('BUSY', `will be ended at the drain deadline: ${who}`)
      : refuse('BUSY', `older than the drain of ${plan.drainMs} ms: ${who}`);
  });
};

const pinned: Guardrail = ({ blocking, plan }) =>
  known('PINNED', blocking, (sessions) => {
    const found = sessions.filter((session) => session.kind === 'pinned');
    const who = some(found.map((session) => `session ${session.session} of ${session.user} (${session.reason})`));
    if (found.length === 0) {
      return pass('PINNED', 'every session can move');
    }
    return plan.onPinned === 'kill'
      ? pass('PINNED', `will be ended: ${who}`)
      : refuse('PINNED', `cannot leave their backend: ${who}`);
  });

export const sessionGuardrails: readonly Guardrail[] = [bypass, superWriters, busy, pinned];
