import { Phase } from '../src/state/journal';
import { decideRecovery, type Sight } from '../src/state/recovery';

const DOWN: Sight = { reachable: false };
const OPEN: Sight = { reachable: true, readOnly: false, probeSeen: false };
const CLOSED: Sight = { reachable: true, readOnly: true, probeSeen: false };
const PROBED: Sight = { reachable: true, readOnly: true, probeSeen: true };
const SIGHTS = { DOWN, OPEN, CLOSED, PROBED } as const;
type Name = keyof typeof SIGHTS;

describe('how an interrupted switch ends', () => {
  test.each<[Phase, from: Name, to: Name, action: string]>([
    ['PREPARING', 'OPEN', 'CLOSED', 'UNDO'],
    ['PREPARING', 'OPEN', 'DOWN', 'UNDO'],
    ['PREPARING', 'DOWN', 'CLOSED', 'WAIT'],
    ['SWITCHING', 'OPEN', 'CLOSED', 'UNDO'],
    ['SWITCHING', 'CLOSED', 'CLOSED', 'UNDO'],
    ['SWITCHING', 'CLOSED', 'OPEN', 'FORWARD'],
    ['SWITCHING', 'CLOSED', 'PROBED', 'FORWARD'],
    ['SWITCHING', 'DOWN', 'OPEN', 'WAIT'],
    ['SWITCHING', 'DOWN', 'PROBED', 'FORWARD'],
    ['SWITCHING', 'DOWN', 'CLOSED', 'WAIT'],
    ['SWITCHING', 'CLOSED', 'DOWN', 'WAIT'],
    // it may have been fenced, and opened by a restart of its own
    ['SWITCHING', 'OPEN', 'DOWN', 'WAIT'],
    ['SWITCHING', 'DOWN', 'DOWN', 'WAIT'],
    ['PROMOTED', 'CLOSED', 'OPEN', 'FORWARD'],
    ['PROMOTED', 'OPEN', 'CLOSED', 'FORWARD'],
    ['PROMOTED', 'CLOSED', 'DOWN', 'WAIT'],
    ['RELEASED', 'DOWN', 'OPEN', 'FORWARD'],
    ['RELEASED', 'OPEN', 'DOWN', 'WAIT'],
    ['FAILED', 'CLOSED', 'CLOSED', 'STUCK'],
    ['FAILED', 'CLOSED', 'DOWN', 'STUCK'],
    ['FAILED', 'OPEN', 'OPEN', 'STUCK'],
    ['FAILED', 'OPEN', 'CLOSED', 'ADOPT'],
    ['FAILED', 'CLOSED', 'OPEN', 'ADOPT'],
  ])('%s, old primary %s, candidate %s: %s', (phase, from, to, action) => {
    expect(decideRecovery(phase, SIGHTS[from], SIGHTS[to])).toBe(action);
  });

  test('never opens the old primary while the candidate may be open', () => {
    for (const phase of Object.values(Phase)) {
      for (const from of Object.values(SIGHTS)) {
        for (const to of [OPEN, PROBED, DOWN]) {
          if (phase === 'PREPARING') continue;
          expect(decideRecovery(phase, from, to)).not.toBe('UNDO');
        }
      }
    }
  });
});
