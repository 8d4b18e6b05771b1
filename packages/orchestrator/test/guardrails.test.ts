import type { Inspection } from '../src/dialects/dialect';
import { answerPool, answerServers } from '../src/guardrails';
import { some, type ServerFacts } from '../src/guardrails/facts';
import { planOf } from '../src/switch/plan';
import type { PoolOptions } from '../src/options';
import { channel, down, node, topology } from './support/nodes';

const nodeOptions = (name: string): PoolOptions['nodes'][number] => ({
  name,
  host: '127.0.0.1',
  port: 1,
  type: 'PRIMARY',
  weight: 100,
  site: null,
  replication: { host: '127.0.0.1', port: 1 },
  tls: null,
});
const pool: PoolOptions = {
  name: 'shop',
  nodes: ['db1', 'db2'].map(nodeOptions),
  control: { user: 'myswitch', password: '' },
  replication: { user: 'repl', password: '' },
  users: [],
  monitor: { intervalMs: 1000, failures: 4, schema: 'myswitch' },
  failover: { mode: 'manual', windowMs: 60_000, applyMs: 5000, failback: 'manual' },
  hooks: { before: null, after: null, stonith: null },
  rebuild: { command: null, timeoutMs: 1000, restartMs: 1000 },
  notify: null,
  checkpoints: [],
  switch: {
    maxLagMs: 1000,
    catchUpMs: 30_000,
    drainMs: 2000,
    fenceMs: 1000,
    applyMs: 5000,
    rollbackMs: 1000,
    bypass: 'refuse',
    allow: [],
    events: 'move',
  },
  hold: { maxMs: 10_000, clients: 1, bytes: 1 },
};
const inspection: Inspection = {
  logBin: true,
  logReplicaUpdates: true,
  gtidProblem: '',
  binlogFilters: [],
  parity: { sql_mode: 'A' },
  maxConnections: 100,
  accounts: new Map([["'app'@'%'", 'x']]),
  plugins: ['p'],
  semiSync: { source: false, replica: false, waitFor: 1, ackers: 0 },
  preparedXa: [],
  enabledEvents: [],
  missingGrants: [],
  superWriters: [],
};
const from = node('db1', false);
const to = node('db2', true, ['db1']);
const good: ServerFacts = {
  pool,
  plan: planOf(pool, { by: 'test', to: 'db2' }),
  topology: topology(from, to),
  decision: { active: 'db1' },
  from,
  to,
  fit: ['db2'],
  running: null,
  frozen: null,
  otherProxy: null,
  sinceLastSwitchMs: null,
  inspection: { from: { value: inspection }, to: { value: inspection } },
  accounts: { node: 'db1', learned: 1, more: false, caveats: [], error: null },
  refusedAccounts: { value: [] },
  errant: { value: '' },
  purged: { value: [] },
  heartbeat: { value: 1 },
  withoutHeartbeat: [],
  replicationLogin: { value: true },
  others: [],
  bypassing: { value: [] },
  blocking: { value: [] },
};
const both = (ours: Partial<Inspection>, theirs: Partial<Inspection> = {}): Partial<ServerFacts> => ({
  inspection: { from: { value: { ...inspection, ...ours } }, to: { value: { ...inspection, ...theirs } } },
});
const plan = (change: Partial<ServerFacts['plan']>): Partial<ServerFacts> => ({ plan: { ...good.plan, ...change } });
const candidate = (view: ServerFacts['to']): Partial<ServerFacts> => ({ to: view, topology: topology(from, view) });
const semi = { source: true, replica: false, waitFor: 1, ackers: 1 };
const acker = { name: 'db3', semiSync: { value: { ...semi, source: false, replica: true } } };
const session = { id: 9, user: 'root', host: 'h:1', command: 'Sleep', ageMs: 1, allowed: false };
const client = { session: 5, user: 'app', client: 'c:1', reason: 'TRANSACTION' };

const refusals = (change: Partial<ServerFacts>): string[] => {
  const facts = { ...good, ...change };
  return [...answerPool(facts), ...answerServers(facts)]
    .filter(({ ok }) => !ok)
    .map(({ code, message }) => `${code}: ${message}`);
};

test('nothing is wrong, and every code of the design answers', () => {
  expect(refusals({})).toEqual([]);
  const codes = [...answerPool(good), ...answerServers(good)].map(({ code }) => code);
  expect([...codes, 'LAG_NOT_CONVERGING'].sort()).toEqual(
    (
      'NOT_A_NODE ALREADY_ACTIVE IN_PROGRESS FROZEN NO_ACTIVE TWO_WRITERS NOT_REPLICA REPLICATION_STOPPED LAG ' +
      'LAG_NOT_CONVERGING DELAYED ERRANT PURGED FILTERS VERSION PARITY BINLOG GTID_MODE SEMI_SYNC SUPER_WRITERS XA ' +
      'BYPASS BUSY PINNED EVENTS ACCOUNTS OTHER_PROXY PRIVILEGES DISK CANDIDATE_WRITES RECENT'
    )
      .split(' ')
      .sort(),
  );
});

test.each<[string, Partial<ServerFacts>, string[]]>([
  ['runs', { running: 'switch x1 of this pool is running' }, ['IN_PROGRESS: switch x1 of this pool is running']],
  ['frozen', { frozen: 'why' }, ['FROZEN: an operator froze the pool: why']],
  ['recent', { sinceLastSwitchMs: 500 }, ['RECENT: the last switch ended 500 ms ago, less than 1000 ms']],
  ['not so recent', { sinceLastSwitchMs: 1000 }, []],
  ['proxy', { otherProxy: 'x from y' }, ["OTHER_PROXY: the pool's lock on the ACTIVE is not ours: x from y"]],
  [
    'stopped',
    candidate(node('db2', true, [], { channels: [channel('id-db1', { applying: false, lastError: 'dup' })] })),
    ['REPLICATION_STOPPED: db2: applier not running: dup'],
  ],
  [
    'delayed',
    candidate(node('db2', true, [], { channels: [channel('id-db1', { delaySeconds: 60 })] })),
    ['DELAYED: db2 is delayed on purpose by 60 s'],
  ],
  [
    'no auto position',
    candidate(node('db2', true, [], { channels: [channel('id-db1', { autoPosition: false })] })),
    ['GTID_MODE: db2 does not follow by GTID'],
  ],
  [
    'filters of the channel and the log',
    {
      ...candidate(node('db2', true, [], { channels: [channel('id-db1', { filters: ['Replicate_Do_DB=a'] })] })),
      ...both({ binlogFilters: ['Binlog_Do_DB=b'] }),
    },
    ['FILTERS: the candidate may lack data: db2 Replicate_Do_DB=a, db1 Binlog_Do_DB=b'],
  ],
  [
    'older',
    candidate(node('db2', true, ['db1'], { version: '8.4.10' })),
    ['VERSION: db2 runs 8.4.10, older than db1 with 9.7.4'],
  ],
  ['newer', candidate(node('db2', true, ['db1'], { version: '10.1.0' })), []],
  ['other kind', candidate(node('db2', true, ['db1'], { kind: 'mariadb' })), ['VERSION: db1 is mysql, db2 is mariadb']],
  [
    'writable',
    candidate(node('db2', false, ['db1'])),
    ['CANDIDATE_WRITES: db2 is writable: SET GLOBAL read_only = 1 there first'],
  ],
  [
    'server id',
    candidate(node('db2', true, ['db1'], { serverId: 1 })),
    ['PARITY: db1 and db2 differ: two nodes have the same server_id'],
  ],
  [
    'a stranger as source',
    { from: node('db1', false, ['db7']), topology: topology(from, to) },
    ['NOT_REPLICA: db1 itself replicates from host:3306, which is not in the pool'],
  ],
  [
    'third writer',
    { topology: topology(from, to, node('db3', false)) },
    ['TWO_WRITERS: writable besides the ACTIVE: db3'],
  ],
  [
    'lag',
    { heartbeat: { value: 1500 } },
    ['LAG: db2 did not apply the present position of db1 within 1000 ms; it says it is 0 s behind'],
  ],
  ['lag allowed', { heartbeat: { value: 1500 }, ...plan({ maxLagMs: 2000 }) }, []],
  ['no heartbeat table', { withoutHeartbeat: ['db3'] }, ['LAG: myswitch.heartbeat has not reached db3']],
  ['errant', { errant: { value: 'u:1' } }, ['ERRANT: db2 has transactions that db1 lacks: u:1']],
  ['not known', { errant: { error: 'gone' } }, ['ERRANT: could not be checked: gone']],
  [
    'purged',
    { purged: { value: [{ node: 'db1', gtid: 'u:1' }] } },
    ['PURGED: db2 has purged what db1 still lacks: u:1'],
  ],
  ['no log', both({}, { logBin: false }), ['BINLOG: db2 writes no binary log, so db1 could not follow it']],
  [
    'log of its own only',
    both({}, { logReplicaUpdates: false }),
    ['BINLOG: db2 does not log what it replicates (log_replica_updates, log_slave_updates)'],
  ],
  ['mode', both({}, { gtidProblem: 'gtid_mode is OFF' }), ['GTID_MODE: db2: gtid_mode is OFF']],
  [
    'parity',
    both({}, { parity: { sql_mode: 'B' }, maxConnections: 10, plugins: [], accounts: new Map() }),
    [
      "PARITY: db1 and db2 differ: sql_mode 'A' and 'B', max_connections 100 and 10, plugin p missing, account 'app'@'%'",
    ],
  ],
  ['parity, forced', { ...both({}, { parity: { sql_mode: 'B' } }), ...plan({ force: true }) }, []],
  ['more connections', both({}, { maxConnections: 200 }), []],
  ['xa', both({ preparedXa: ['t1'] }), ['XA: prepared on db1, and could be committed behind the fence: t1']],
  [
    'xa, forced',
    { ...both({ preparedXa: ['t1'] }), ...plan({ force: true }) },
    ['XA: prepared on db1, and could be committed behind the fence: t1'],
  ],
  [
    'grants',
    both({}, { missingGrants: ['GRANT A ON *.* TO x'] }),
    ['PRIVILEGES: the control account lacks: GRANT A ON *.* TO x'],
  ],
  [
    'login',
    { replicationLogin: { value: false } },
    ['PRIVILEGES: GRANT REPLICATION SLAVE ON *.* TO repl: db2 has no such account'],
  ],
  [
    'semi-sync, nobody acknowledges',
    both({ semiSync: semi }),
    [
      'SEMI_SYNC: db2 would wait for 1 acknowledgement(s) and 0 other node(s) can give one: the first write would hang (semi-sync suspend)',
    ],
  ],
  ['semi-sync, suspended', { ...both({ semiSync: semi }), ...plan({ semiSync: 'suspend' }) }, []],
  ['semi-sync, an acker', { ...both({ semiSync: semi }), others: [acker] }, []],
  [
    'bypass',
    { bypassing: { value: [session] } },
    ['BYPASS: on db1, not through MySwitch: root from h:1 (connection 9)'],
  ],
  ['bypass, allowed', { bypassing: { value: [{ ...session, allowed: true }] } }, []],
  ['bypass, killed', { bypassing: { value: [session] }, ...plan({ bypass: 'kill' }) }, []],
  [
    'bypass, ignored, by one who may write',
    { bypassing: { value: [session] }, ...plan({ bypass: 'ignore' }), ...both({ superWriters: ['root@localhost'] }) },
    ['SUPER_WRITERS: may write to db1 in spite of read_only: root from h:1 (connection 9)'],
  ],
  [
    'busy',
    { blocking: { value: [{ ...client, kind: 'busy', ageMs: 2001 }] } },
    ['BUSY: older than the drain of 2000 ms: session 5 of app (TRANSACTION, 2001 ms)'],
  ],
  ['busy for a moment', { blocking: { value: [{ ...client, kind: 'busy', ageMs: 1999 }] } }, []],
  [
    'pinned',
    { blocking: { value: [{ ...client, kind: 'pinned', ageMs: 0 }] } },
    ['PINNED: cannot leave their backend: session 5 of app (TRANSACTION)'],
  ],
  [
    'pinned, killed',
    { blocking: { value: [{ ...client, kind: 'pinned', ageMs: 0 }] }, ...plan({ onPinned: 'kill' }) },
    [],
  ],
])('%s', (_title, change, expected) => {
  expect(refusals(change)).toEqual(expected);
});

test.each<[string, Partial<Parameters<typeof answerPool>[0]>, string[]]>([
  ['none', { from: null, decision: { active: null, code: 'NO_ACTIVE', reason: 'all down' } }, ['NO_ACTIVE: all down']],
  [
    'two',
    { from: null, decision: { active: null, code: 'TWO_WRITERS', reason: 'a and b' } },
    ['NO_ACTIVE: no node is ACTIVE', 'TWO_WRITERS: a and b'],
  ],
  [
    'down',
    { from: down('db1') },
    [
      'NO_ACTIVE: db1 is ACTIVE but does not answer: connection refused; if it is dead, promote another node: npx myswitch failover shop',
    ],
  ],
  ['unknown', { to: null, plan: { ...good.plan, to: 'db9' } }, ['NOT_A_NODE: db9 is not a node of shop: db1, db2']],
  [
    'none said, none fit',
    { to: null, fit: [], plan: { ...good.plan, to: null } },
    ['NOT_A_NODE: no node is fit to take over'],
  ],
  ['itself', { to: from, plan: { ...good.plan, to: 'db1' } }, ['ALREADY_ACTIVE: db1 is the ACTIVE already']],
])('before any server is asked: %s', (_title, change, expected) => {
  expect(
    answerPool({ ...good, ...change })
      .filter(({ ok }) => !ok)
      .map(({ code, message }) => `${code}: ${message}`),
  ).toEqual(expected);
});

test('a long list is cut', () => {
  expect(some(['1', '2', '3', '4', '5', '6', '7'])).toBe('1, 2, 3, 4, 5 and 2 more');
});

test.each<[string, Partial<ServerFacts['accounts']>, string]>([
  ['learned', {}, '1 learned from db1'],
  ['not yet', { node: null }, 'none learned yet'],
  ['unreadable', { error: 'db1: gone' }, '1 learned from db1; could not be read: db1: gone'],
  ['too many', { learned: 9, more: true }, '9 learned from db1; there are more, which cannot log in'],
  [
    'caveats, by their reason',
    {
      caveats: ['a', 'b', 'c', 'd', 'e', 'f']
        .map((account) => ({ account, reason: 'pam is not supported' }))
        .concat({ account: 'a', reason: 'it requires TLS' }),
    },
    '1 learned from db1; a, b, c, d, e and 1 more: pam is not supported; a: it requires TLS',
  ],
])('accounts are information: %s', (_what, change, message) => {
  const facts = { ...good, accounts: { ...good.accounts, ...change } };
  expect(answerPool(facts).find(({ code }) => code === 'ACCOUNTS')).toEqual({ code: 'ACCOUNTS', ok: true, message });
});

test('an account that a login was refused for is told with it, once', () => {
  const refused = { user: 'app', client: '10.0.0.7', row: 'app@10.0.%', matched: 'app@%', reason: 'another row' };
  const answers = answerPool({ ...good, refusedAccounts: { value: [refused, refused] } });
  expect(answers.find(({ code }) => code === 'ACCOUNTS')).toMatchObject({
    ok: true,
    message: '1 learned from db1; app@10.0.% for 10.0.0.7: another row',
  });
});
