import type { Session } from '../session/session';
import { NO_STATEMENT } from './no-statement';
import type { Work } from '../session/work';
import { wipe } from '../session/settle';

/** The session's backend forgets it (rolled back, unlocked), then `answer` replies to the client. */
export function wipeWork(answer: (session: Session) => void): Work {
  return {
    grammar: null,
    bytes: 0,
    statement: NO_STATEMENT,
    wipes: true,
    ready: () => false,
    prepare: (_session, backend) => wipe(backend),
    write: () => undefined,
    done(session) {
      session.forget();
      answer(session);
    },
  };
}
