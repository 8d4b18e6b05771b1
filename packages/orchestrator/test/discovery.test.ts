import type { Address } from '../src/link/address';
import { systemClock, type Clock } from '../src/clock';
import type { Server } from '../src/discovery/answer';
import { discoverWith, WALK_LIMITS } from '../src/discovery/discover';
import type { DiscoveredNode, Discovery } from '../src/discovery/document';
import { UnreachableError } from '../src/errors';
import { at, fake, World, type FakeServer } from './support/world';

const nothing = (): Promise<string> => Promise.resolve('');

const find = (world: World, start: Address, limits = WALK_LIMITS, clock: Clock = systemClock): Promise<Discovery> =>
  discoverWith(start, { ask: world.ask, lacking: nothing }, limits, clock);

/** Names without the domain, each with its sources. */
const shape = (found: Discovery): string[] =>
  found.nodes.map(({ name, sources }) =>
    [name, ...sources.map(({ node }) => node ?? '?')].map((each) => each.replace('.example.com:3306', '')).join(' < '),
  );

const codes = (node: DiscoveredNode | undefined): string[] => (node?.problems ?? []).map(({ code }) => code);
const codesOf = (found: Discovery, id: number): string[] =>
  codes(found.nodes.find(({ name }) => name === `db${id}.example.com:3306`));

/** The picture without what differs by nature. */
const picture = ({ nodes, complete }: Discovery): unknown => ({ nodes, complete });

const changed = (id: number, follows: readonly number[], survey: Partial<Server['survey']>): FakeServer =>
  fake(id, follows, { change: (server) => ({ ...server, survey: { ...server.survey, ...survey } }) });

const tree = [fake(1), fake(2, [1]), fake(3, [1]), fake(4, [2]), fake(5, [4]), fake(10, [1])];

describe('the walk', () => {
  test('sources come before their replicas, siblings by address, numbers as numbers', async () => {
    expect(shape(await find(new World(tree), at(1)))).toEqual([
      'db1',
      'db2 < db1',
      'db4 < db2',
      'db5 < db4',
      'db3 < db1',
      'db10 < db1',
    ]);
  });

  const worlds: [string, FakeServer[]][] = [
    ['a tree', tree],
    ['a server alone', [fake(1)]],
    ['a chain', [fake(1), fake(2, [1]), fake(3, [2]), fake(4, [3])]],
    ['a circular pair', [fake(1, [2], { readOnly: false }), fake(2, [1])]],
    ['a circle of three with a replica', [fake(1, [3]), fake(2, [1], { readOnly: false }), fake(3, [2]), fake(4, [3])]],
    ['a replica of two sources', [fake(1), fake(2), fake(3, [1, 2]), fake(4, [2])]],
    [
      'MariaDB',
      tree.map(({ id, follows }) =>
        fake(
          id,
          follows.map((each) => each.id),
          { kind: 'mariadb' },
        ),
      ),
    ],
    ['a server that follows itself', [fake(1, [1, 2]), fake(2)]],
    [
      'replicas that do not say where they are',
      [fake(1), fake(2, [1], { reports: null }), fake(3, [1], { reports: null })],
    ],
    ['a replica that is down', [fake(1), fake(2, [1]), fake(3, [1], { is: 'REFUSING' })]],
  ];

  test.each(worlds)('%s: the same picture from every node', async (_title, servers) => {
    const world = new World(servers);
    const open = servers.filter(({ is }) => is === 'UP');
    const pictures = await Promise.all(open.map(async ({ id }) => picture(await find(world, at(id)))));
    expect((pictures[0] as Discovery).nodes).toHaveLength(servers.length);
    for (const each of pictures) expect(each).toEqual(pictures[0]);
  });

  test('one server with several spellings is one node, by the spelling of the tree', async () => {
    const addresses = [at(1), { host: '10.0.0.1', port: 3306 }, { host: 'one', port: 13306 }];
    const world = new World([
      fake(1, [], { addresses }),
      fake(2, [], { readOnly: true, follows: [{ id: 1, as: { host: '10.0.0.1', port: 3306 } }] }),
      fake(3, [], { readOnly: true, follows: [{ id: 1, as: { host: 'DB1.example.com', port: 3306 } }] }),
    ]);
    const found = await find(world, { host: 'one', port: 13306 });
    expect(found.nodes.map(({ name }) => name)).toEqual([
      '10.0.0.1:3306',
      'db2.example.com:3306',
      'db3.example.com:3306',
    ]);
    expect(picture(found)).toEqual(picture(await find(world, at(2))));
  });

  test('loopback, as a server tells it, is that server', async () => {
    const world = new World([
      fake(1, [], { addresses: [{ host: '10.0.0.1', port: 3306 }] }),
      fake(2, [], {
        addresses: [{ host: '10.0.0.1', port: 3307 }],
        reports: { host: 'localhost', port: 3307 },
        follows: [{ id: 1, as: { host: '127.0.0.1', port: 3306 } }],
      }),
    ]);
    for (const port of [3306, 3307]) {
      const found = await find(world, { host: '10.0.0.1', port });
      expect(found.nodes.map(({ name }) => name)).toEqual(['10.0.0.1:3306', '10.0.0.1:3307']);
    }
  });

  test('a source whose address leads nowhere from here is known by its uuid', async () => {
    const world = new World([fake(1), fake(2, [], { follows: [{ id: 1, as: { host: 'internal', port: 3306 } }] })]);
    const found = await find(world, at(1));
    expect(shape(found)).toEqual(['db1', 'db2 < db1']);
    expect(found.nodes[1]?.sources[0]?.address).toBe('internal:3306');
  });

  test('hundreds of nodes, with as many questions at once as allowed', async () => {
    const servers = Array.from({ length: 400 }, (_, n) => fake(n + 1, n === 0 ? [] : [Math.ceil(n / 3)]));
    const world = new World(servers);
    const found = await find(world, at(399));
    expect(found).toMatchObject({ complete: true });
    expect(found.nodes).toHaveLength(400);
    expect(world.mostAtOnce).toBe(WALK_LIMITS.concurrency);
    expect(world.asked).toBe(400);
  });

  test('a chain of hundreds', async () => {
    const servers = Array.from({ length: 300 }, (_, n) => fake(n + 1, n === 0 ? [] : [n]));
    expect((await find(new World(servers), at(300))).nodes).toHaveLength(300);
  });

  test('ends at its limit, and says so', async () => {
    const world = new World(Array.from({ length: 100 }, (_, n) => fake(n + 1, n === 0 ? [] : [1])));
    const found = await find(world, at(1), { ...WALK_LIMITS, addresses: 20 });
    expect(world.asked).toBe(20);
    expect(found.complete).toBe(false);
    expect(found.nodes.filter(({ answer }) => answer === 'NOT_ASKED')).toHaveLength(20);
  });

  test('a server that names thousands', async () => {
    const replicas = Array.from({ length: 100_000 }, (_, n) => ({
      serverId: n,
      uuid: `u${n}`,
      host: `h${n}`,
      port: 1,
    }));
    const world = new World([changed(1, [], { replicas }), fake(2, [1])]);
    const found = await find(world, at(2));
    expect(world.asked).toBe(WALK_LIMITS.addresses);
    expect(found.complete).toBe(false);
  });

  test('one that hangs costs its time and no more', async () => {
    const timers: (() => void)[] = [];
    const clock: Clock = {
      ...systemClock,
      timer: (_ms, action) => {
        timers.push(action);
        return () => timers.splice(timers.indexOf(action), 1);
      },
    };
    const world = new World([fake(1), fake(2, [1], { is: 'HANGING' }), fake(3, [1])]);
    const finding = find(world, at(3), WALK_LIMITS, clock);
    while (world.asked < 3) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    for (const late of timers) late();
    const found = await finding;
    expect(shape(found)).toEqual(['db1', 'db2 < db1', 'db3 < db1']);
    expect(found.nodes[1]).toMatchObject({
      answer: 'UNREACHABLE',
      problems: [{ code: 'UNREACHABLE', message: 'db2.example.com:3306: no answer within 5000 ms' }],
    });
    expect(timers).toEqual([]);
  });

  test('a start that does not answer is all there is', async () => {
    const found = await find(new World([]), at(1));
    expect(found).toMatchObject({ complete: false, nodes: [{ answer: 'UNREACHABLE', role: 'unknown' }] });
  });
});

describe('lies and mistakes', () => {
  test('two servers with one server_id are two nodes', async () => {
    const world = new World([
      fake(1, [], { kind: 'mariadb' }),
      fake(2, [1], { kind: 'mariadb' }),
      fake(3, [2], { kind: 'mariadb', serverId: 1 }),
    ]);
    for (const id of [1, 2, 3]) {
      const found = await find(world, at(id));
      expect(shape(found)).toEqual(['db1', 'db2 < db1', 'db3 < db2']);
      expect([1, 2, 3].map((each) => codesOf(found, each))).toEqual([['SERVER_ID'], [], ['SERVER_ID']]);
    }
  });

  test('a dead source is not taken for a replica with its server_id', async () => {
    const world = new World([
      fake(1, [], { kind: 'mariadb', is: 'DOWN' }),
      fake(2, [1], { kind: 'mariadb' }),
      fake(3, [2], { kind: 'mariadb', serverId: 1 }),
    ]);
    expect(shape(await find(world, at(3)))).toEqual(['db1', 'db2 < db1', 'db3 < db2']);
  });

  test('a copied data folder', async () => {
    const found = await find(new World([fake(1), fake(2, [1]), fake(3, [2], { identity: 'uuid-1' })]), at(2));
    expect(codesOf(found, 3)).toEqual(['SERVER_UUID']);
    expect(shape(found)).toEqual(['db1', 'db2 < db1', 'db3 < db2']);
  });

  test('a dead server with two spellings is one by its uuid', async () => {
    const world = new World([
      fake(1, [], { is: 'DOWN' }),
      fake(2, [1]),
      fake(3, [], {
        follows: [
          { id: 1, as: { host: '10.0.0.1', port: 3306 } },
          { id: 2, as: at(2) },
        ],
      }),
    ]);
    for (const id of [2, 3]) {
      expect((await find(world, at(id))).nodes.map(({ name }) => name)).toEqual([
        '10.0.0.1:3306',
        'db2.example.com:3306',
        'db3.example.com:3306',
      ]);
    }
  });

  test('a replica that is at another place than it says is not mistaken for who is there', async () => {
    const stranger = fake(9);
    const world = new World([fake(1), fake(2, [1], { reports: at(9), addresses: [{ host: 'x', port: 1 }] }), stranger]);
    const found = await find(world, at(1));
    expect(shape(found)).toEqual(['db1']);
    expect(codesOf(found, 1)).toEqual(['REPLICA_NOT_FOUND']);
  });

  test('a source that was replaced', async () => {
    const follows = [{ id: 1, as: at(1), channel: { sourceIdentity: 'uuid-old', receiving: false } }];
    const found = await find(new World([fake(1), fake(2, [], { follows, readOnly: true })]), at(2));
    expect(codesOf(found, 2)).toEqual(['REPLICATION_STOPPED', 'SOURCE_REPLACED']);
  });

  test('channels without a host, as group replication has them, lead nowhere', async () => {
    const follows = [{ id: 0, as: { host: '', port: 0 } }];
    expect(shape(await find(new World([fake(1, [], { follows })]), at(1)))).toEqual(['db1']);
  });
});

describe('what is wrong', () => {
  const withChannel = (channel: object): FakeServer =>
    fake(2, [], { readOnly: true, follows: [{ id: 1, as: at(1), channel }] });
  const semiSync = { source: true, replica: false, waitFor: 1, ackers: 0 };

  test.each<[string, number, FakeServer[], string[]]>([
    ['a writable replica', 2, [fake(1), fake(2, [1], { readOnly: false })], ['WRITABLE_REPLICA']],
    ['a primary that is read-only', 1, [fake(1, [], { readOnly: true }), fake(2, [1])], ['READ_ONLY']],
    [
      'two writers in a circle',
      1,
      [fake(1, [2], { readOnly: false }), fake(2, [1], { readOnly: false })],
      ['TWO_WRITERS'],
    ],
    ['no writer in a circle', 1, [fake(1, [2]), fake(2, [1])], ['READ_ONLY']],
    ['a stopped applier', 2, [fake(1), withChannel({ applying: false, lastError: 'row' })], ['REPLICATION_STOPPED']],
    ['a delay', 2, [fake(1), withChannel({ delaySeconds: 3600 })], ['DELAYED']],
    ['a filter', 2, [fake(1), withChannel({ filters: ['Replicate_Do_DB=a'] })], ['FILTERS']],
    ['file and position', 2, [fake(1), withChannel({ autoPosition: false })], ['GTID_MODE']],
    ['no GTIDs', 1, [changed(1, [], { gtidProblem: 'gtid_mode is OFF' })], ['GTID_MODE']],
    ['no binary log', 1, [changed(1, [], { logBin: false })], ['BINLOG']],
    ['replicated changes are not logged', 2, [fake(1), changed(2, [1], { logReplicaUpdates: false })], ['BINLOG']],
    ['a filter of the binary log', 1, [changed(1, [], { binlogFilters: ['Binlog_Do_DB=a'] })], ['FILTERS']],
    ['semi-sync without an acker', 1, [changed(1, [], { semiSync })], ['SEMI_SYNC']],
    ['a missing grant', 1, [changed(1, [], { replicas: null, missingGrants: ['GRANT'] })], ['PRIVILEGES']],
    ['a reader nobody knows', 1, [changed(1, [], { readers: ['10.0.0.9'] })], ['BINLOG_READERS']],
    ['the other kind', 2, [fake(1), fake(2, [1], { kind: 'mariadb' })], ['KIND']],
    [
      'an older replica',
      2,
      [fake(1), fake(2, [1], { change: (s) => ({ ...s, observation: { ...s.observation, version: '8.4.10' } }) })],
      ['VERSION'],
    ],
    ['a refused login', 2, [fake(1), fake(2, [1], { is: 'REFUSING' })], ['REFUSED']],
  ])('%s', async (_title, id, servers, expected) => {
    expect(codesOf(await find(new World(servers), at(1)), id)).toEqual(expected);
  });

  test('transactions that no source has: each is asked for what the ones before it lack', async () => {
    const asked: string[] = [];
    const lacking = ({ host }: Address, { transactions }: { transactions: string }): Promise<string> => {
      asked.push(`${host} ${transactions}`);
      return Promise.resolve(host.startsWith('db1') ? 'rest' : 'errant');
    };
    const world = new World([fake(1), fake(2), fake(3, [1, 2])]);
    const found = await discoverWith(at(3), { ask: world.ask, lacking }, WALK_LIMITS, systemClock);
    expect(asked).toEqual(['db1.example.com gtid', 'db2.example.com rest']);
    expect(found.nodes.find(({ name }) => name.startsWith('db3'))?.problems).toEqual([
      { code: 'ERRANT', message: 'it has transactions that its sources lack: errant' },
    ]);
  });

  test('a source that is gone when it is asked, and a circle, say nothing of errant transactions', async () => {
    const gone = (): Promise<string> => Promise.reject(new UnreachableError('gone'));
    for (const servers of [
      [fake(1), fake(2, [1])],
      [fake(1, [2], { readOnly: false }), fake(2, [1])],
    ]) {
      const world = new World(servers);
      const found = await discoverWith(at(1), { ask: world.ask, lacking: gone }, WALK_LIMITS, systemClock);
      expect(found.nodes.flatMap((node) => codes(node))).toEqual([]);
    }
  });
});
