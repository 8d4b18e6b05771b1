import type { Setting } from '../ladder/override';
import type { NodeState, NodeStatus } from '../report';
import type { Statement } from './statement';
import type { Words } from './words';

const TYPES = ['PRIMARY', 'SECONDARY'] as const;
const STATES: readonly NodeState[] = ['UNKNOWN', 'STANDBY', 'ACTIVE', 'FAILED_ONLINE', 'FAILED_OFFLINE'];
const STATUSES: readonly NodeStatus[] = ['OK', 'OK_INFO', 'OK_WARN', 'OK_CRITICAL', 'FAIL'];
const HEAVIEST = 1000;

type Read = (words: Words) => Statement;

/**
 * What operators say of pools and nodes besides moving them:
 *
 *     RECOVER NODE node [POOL name]
 *     SET NODE node [POOL name] TYPE PRIMARY | STATE STANDBY | STATUS OK | WEIGHT 100, …
 *     RELEASE NODE node [POOL name]
 *     REPORT NODE node [POOL name]
 *     IS UP NODE node [POOL name] [RW | RO]
 *     FREEZE POOL name [REASON 'text']          UNFREEZE POOL name
 *     PAUSE POOL name [FOR '5s']                RESUME POOL name
 *     POLL POOL name
 *     MPP INITIALIZE host:port TYPE PRIMARY | SECONDARY
 *     MPP SET host:port TYPE | STATE | STATUS | WEIGHT value
 *     MPP SHOW ALL
 */
const STATEMENTS: Readonly<Record<string, Read>> = {
  RECOVER: (words) => nodeOrder(words, (node) => ({ kind: 'recover', node })),
  RELEASE: (words) => nodeOrder(words, (node) => ({ kind: 'release', node })),
  REPORT: (words) => ({ kind: 'report', ...target(words) }),
  IS: (words) => {
    words.expect('UP');
    const where = target(words);
    return { kind: 'is-up', ...where, mode: !words.take('RW') && words.take('RO') ? 'ro' : 'rw' };
  },
  FREEZE: (words) =>
    poolOrder(words, () => ({ kind: 'freeze', reason: words.take('REASON') ? words.name('a reason in quotes') : '' })),
  UNFREEZE: (words) => poolOrder(words, () => ({ kind: 'unfreeze' })),
  PAUSE: (words) => poolOrder(words, () => ({ kind: 'pause', forMs: words.take('FOR') ? words.duration() : null })),
  RESUME: (words) => poolOrder(words, () => ({ kind: 'resume' })),
  POLL: (words) => {
    words.expect('POOL');
    return { kind: 'poll', pool: words.name('a pool') };
  },
  MPP: mpp,
};

/** Null, and nothing taken: it is another one. */
export function nodeStatement(words: Words): Statement | null {
  const keyword = Object.keys(STATEMENTS).find((each) => words.take(each));
  return keyword === undefined ? null : (STATEMENTS[keyword]?.(words) ?? null);
}

/** After SET. */
export function setNode(words: Words): Statement {
  return nodeOrder(words, (node) => ({ kind: 'set', node, setting: settings(words) }), 'taken');
}

type OrderOf = Extract<Statement, { kind: 'order' }>['order'];

function target(words: Words, keyword: 'NODE' | 'taken' = 'NODE'): { node: string; pool: string | null } {
  if (keyword === 'NODE') words.expect('NODE');
  const node = words.name('a node');
  return { node, pool: words.take('POOL') ? words.name('a pool') : null };
}

function nodeOrder(words: Words, order: (node: string) => OrderOf, keyword: 'NODE' | 'taken' = 'NODE'): Statement {
  const { node, pool } = target(words, keyword);
  return { kind: 'order', pool, order: order(node) };
}

function poolOrder(words: Words, order: () => OrderOf): Statement {
  words.expect('POOL');
  const pool = words.name('a pool');
  return { kind: 'order', pool, order: order() };
}

function settings(words: Words): Setting {
  const all: Setting = {};
  do {
    const one = setting(words);
    if (Object.keys(one).some((key) => key in all)) throw words.error('each of TYPE, STATE, STATUS and WEIGHT once');
    Object.assign(all, one);
  } while (words.takeSymbol(','));
  return all;
}

function setting(words: Words): Setting {
  if (words.take('TYPE')) return { type: words.choice(TYPES) };
  if (words.take('STATE')) return { state: words.choice(STATES) };
  if (words.take('STATUS')) return { status: words.choice(STATUSES) };
  if (words.take('WEIGHT')) return { weight: words.number(0, HEAVIEST) };
  throw words.error('TYPE, STATE, STATUS or WEIGHT');
}

function mpp(words: Words): Statement {
  if (words.take('SHOW')) {
    words.expect('ALL');
    return { kind: 'mpp-show' };
  }
  if (words.take('SET')) return { kind: 'mpp-set', address: words.address(), setting: setting(words) };
  if (!words.take('INITIALIZE')) throw words.error('SHOW ALL, SET or INITIALIZE');
  const address = words.address();
  words.expect('TYPE');
  return { kind: 'mpp-set', address, setting: { type: words.choice(TYPES) } };
}
