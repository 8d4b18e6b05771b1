import type { PlaneStats } from '../src/data-plane';
import type { Override } from '../src/ladder/override';
import type { PoolOptions } from '../src/options';
import type { NodeState, NodeStatus } from '../src/report';
import { reportPool } from '../src/pool/status';
import type { NodeView } from '../src/watch/topology';
import { channel, node, topology } from './support/nodes';

const stats: PlaneStats = { gate: 'OPEN', clients: 0, held: 0, accounts: [], nodes: {}, workMs: null };
const pool = {
  name: 'shop',
  nodes: ['db1', 'db2'].map((name) => ({ name, host: name, port: 3306, type: 'SECONDARY', weight: 100 })),
} as unknown as PoolOptions;

/** What a load balancer may send to db2. */
function up(view: NodeView): string | null {
  const situation = { pool, topology: topology(node('db1', false), view), active: 'db1', epoch: 1, stats };
  return reportPool({ ...situation, frozen: null, pausedUntil: null, now: 0 }).nodes[1]!.up;
}

const view = (state: NodeState, status: NodeStatus, change: Partial<NodeView> = {}): NodeView => ({
  ...node('db2', true, ['db1']),
  standing: { state, status, errors: 0, message: null },
  ...change,
});
const set = (setting: Partial<Override>): Partial<NodeView> => ({ override: { by: 'admin', at: '', ...setting } });

test.each<[NodeState, NodeStatus, string | null]>([
  ['ACTIVE', 'OK', 'rw'],
  ['ACTIVE', 'OK_INFO', 'rw'],
  ['ACTIVE', 'OK_WARN', 'rw'],
  ['ACTIVE', 'OK_CRITICAL', null],
  ['ACTIVE', 'FAIL', null],
  ['STANDBY', 'OK', 'ro'],
  ['STANDBY', 'OK_WARN', 'ro'],
  ['STANDBY', 'OK_CRITICAL', null],
  ['UNKNOWN', 'OK', null],
  ['FAILED_ONLINE', 'OK', null],
  ['FAILED_OFFLINE', 'FAIL', null],
])('%s and %s: %s', (state, status, expected) => {
  expect(up(view(state, status))).toBe(expected);
});

test.each<[string, NodeView]>([
  ['it follows nobody', view('STANDBY', 'OK', { observation: node('db2', true).observation })],
  ['it receives nothing', follower({ receiving: false })],
  ['it applies nothing', follower({ applying: false })],
  ['it does not answer', view('STANDBY', 'OK_INFO', { reachable: false })],
  ['it was set to FAILED_ONLINE', view('STANDBY', 'OK', set({ state: 'FAILED_ONLINE' }))],
  ['it was set to FAIL', view('STANDBY', 'OK', set({ status: 'FAIL' }))],
])('a STANDBY gets no reads: %s', (_why, standby) => {
  expect(up(standby)).toBeNull();
});

test('what an operator sets counts, also of an ACTIVE in bad health', () => {
  expect(up(view('ACTIVE', 'OK_CRITICAL', set({ status: 'OK' })))).toBe('rw');
});

function follower(change: object): NodeView {
  const { observation } = node('db2', true);
  return view('STANDBY', 'OK_WARN', { observation: { ...observation!, channels: [channel('id-db1', change)] } });
}
