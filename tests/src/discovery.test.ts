import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  caughtUp,
  createCluster,
  follow,
  runCli,
  startServer,
  temporaryFolder,
  until,
  type Cluster,
  type CliResult,
  type Kind,
  type TestServer,
} from '@myswitch/testkit';
import { describeKinds } from './support/kinds';

interface Found {
  readonly complete: boolean;
  readonly nodes: readonly {
    readonly name: string;
    readonly role: string;
    readonly answer: string;
    readonly sources: readonly { readonly node: string }[];
    readonly problems: readonly { readonly code: string; readonly message: string }[];
  }[];
}

const address = ({ host, port }: TestServer): string => `${host}:${port}`;

/** `npx myswitch discover …` as root, unless told otherwise. */
function discover(start: TestServer | string, ...args: string[]): Promise<CliResult> {
  const where = typeof start === 'string' ? start : address(start);
  return runCli(['discover', where, '--user', 'root', ...args], {
    ...process.env,
    MYSWITCH_DISCOVER_PASSWORD: 'root',
  });
}

async function found(start: TestServer): Promise<Found> {
  const { json, stderr } = await discover(start, '--json');
  if (!('nodes' in Object(json))) throw new Error(`${stderr}${JSON.stringify(json)}`);
  return json as Found;
}

/** Without the start and times. */
const picture = (json: unknown): unknown =>
  JSON.parse(
    JSON.stringify(json, (key, value: unknown) => (['start', 'at', 'uptimeSeconds'].includes(key) ? undefined : value)),
  );

const pictures = (starts: readonly TestServer[]): Promise<unknown[]> =>
  Promise.all(starts.map(async (start) => picture(await found(start))));

/** name < sources, with the servers' own names. */
const shape = (tree: Found, servers: readonly TestServer[]): string[] => {
  const nameOf = (text: string): string => servers.find((server) => address(server) === text)?.name ?? text;
  return tree.nodes
    .map(({ name, sources }) => [nameOf(name), ...sources.map(({ node }) => nameOf(node))].join(' < '))
    .sort();
};

const codesOf = (tree: Found, server: TestServer): string[] =>
  (tree.nodes.find(({ name }) => name === address(server))?.problems ?? []).map(({ code }) => code);

/** On a replica whose threads have not been started. */
const WRONG: Readonly<Record<Kind, readonly string[]>> = {
  mysql: [
    'SET GLOBAL rpl_semi_sync_replica_enabled = 0',
    'CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 3600, SOURCE_AUTO_POSITION = 0',
    'CHANGE REPLICATION FILTER REPLICATE_IGNORE_DB = (secret)',
    'START REPLICA',
  ],
  mariadb: [
    'SET GLOBAL rpl_semi_sync_slave_enabled = 0',
    'CHANGE MASTER TO MASTER_DELAY = 3600, MASTER_USE_GTID = no',
    "SET GLOBAL replicate_ignore_db = 'secret'",
    'START SLAVE',
  ],
};

describeKinds('myswitch discover', (kind: Kind) => {
  const stopApplier = kind === 'mysql' ? 'STOP REPLICA SQL_THREAD' : 'STOP SLAVE SQL_THREAD';
  const startApplier = kind === 'mysql' ? 'START REPLICA SQL_THREAD' : 'START SLAVE SQL_THREAD';
  const started: TestServer[] = [];
  const strike = (): Promise<unknown> => Promise.all(started.splice(0).map((server) => server.remove()));

  async function cluster(options: Partial<Parameters<typeof createCluster>[0]>): Promise<Cluster['nodes']> {
    const { nodes } = await createCluster({ kind, replicas: 1, ...options });
    started.push(...nodes);
    return nodes;
  }

  async function leafOf(source: TestServer, serverId: number, extra: readonly string[] = []): Promise<TestServer> {
    const leaf = await startServer({ kind, serverId, extra });
    started.push(leaf);
    await follow(leaf, source);
    await caughtUp(source, [leaf]);
    await leaf.sql('SET GLOBAL read_only = 1');
    return leaf;
  }

  describe('a tree: db1 leads db2 and db3, db2 leads db4, db4 leads db5', () => {
    let all: TestServer[] = [];
    const server = (id: number): TestServer => all[id - 1]!;

    beforeAll(async () => {
      const nodes = await cluster({ replicas: 2 });
      // it does not say where it is
      const fourth = await leafOf(nodes[1]!, 4, ['report_host=']);
      all = [...nodes, fourth, await leafOf(fourth, 5)];
    }, 120_000);

    afterAll(strike);

    test('discovery from every node gives the same picture', async () => {
      const [first, ...others] = await pictures(all);
      expect(first).toMatchObject({ complete: true });
      expect(shape(first as Found, all)).toEqual(['db1', 'db2 < db1', 'db3 < db1', 'db4 < db2', 'db5 < db4']);
      expect((first as Found).nodes.map(({ role }) => role)).toEqual(['primary', ...Array(4).fill('replica')]);
      expect((first as Found).nodes.flatMap(({ problems }) => problems)).toEqual([]);
      for (const other of others) expect(other).toEqual(first);
    }, 60_000);

    test('another spelling of the start makes no difference', async () => {
      const { json } = await discover(`LocalHost:${server(4).port}`, '--json');
      expect(picture(json)).toEqual(picture(await found(server(1))));
    });

    test('for people: a tree, with what is wrong', async () => {
      await server(5).sql('SET GLOBAL read_only = 0');
      await server(5).sql('CREATE DATABASE errant');
      await server(3).sql(stopApplier);
      const { code, stdout } = await discover(server(3));
      await server(3).sql(startApplier);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^${address(server(1))}  M.*  primary  writable  up \\d+ s$`, 'm'));
      expect(stdout).toMatch(new RegExp(`[├└]─ ${address(server(3))}  M.*  replica  read-only  lag unknown`));
      expect(stdout).toContain('! REPLICATION_STOPPED: the channel from');
      expect(stdout).toContain('! WRITABLE_REPLICA: ');
      expect(stdout).toMatch(/! ERRANT: it has transactions that its sources lack: \S+/);
      expect(stdout).toContain('5 nodes, something is wrong with 2');
    });

    test('errant transactions stay told, and are those of the node that made them', async () => {
      const tree = await found(server(2));
      expect(codesOf(tree, server(5))).toContain('ERRANT');
      expect(all.filter((each) => codesOf(tree, each).includes('ERRANT'))).toEqual([server(5)]);
    });

    test('a server that hangs is in the picture, from every other node', async () => {
      server(3).pause();
      try {
        const starts = all.filter((each) => each !== server(3));
        const [first, ...others] = await pictures(starts);
        expect((first as Found).nodes.find(({ name }) => name === address(server(3)))).toMatchObject({
          answer: 'UNREACHABLE',
          sources: [{ node: address(server(1)), receiving: null }],
        });
        expect((first as Found).complete).toBe(false);
        for (const other of others) expect(other).toEqual(first);
      } finally {
        server(3).resume();
      }
    }, 90_000);

    test('an account that may log in and ask nothing: refused, exit 7; nobody there: exit 6', async () => {
      const env = { ...process.env, MYSWITCH_DISCOVER_PASSWORD: 'app-secret' };
      const refused = await runCli(['discover', address(server(1)), '--user', 'app', '--json'], env);
      expect(refused).toMatchObject({ code: 7, json: { error: { code: 'REFUSED' } } });
      const wrong = await discover('127.0.0.1:1', '--json');
      expect(wrong).toMatchObject({ code: 6, json: { error: { code: 'UNREACHABLE' } } });
      const login = await runCli(['discover', address(server(1)), '--user', 'nobody'], env);
      expect(login.code).toBe(7);
      expect(login.stdout + login.stderr).not.toContain('app-secret');
    });

    test('the control account: on MySQL the list of replicas needs a grant, and the picture says so', async () => {
      const env = { ...process.env, MYSWITCH_DISCOVER_PASSWORD: 'control-secret' };
      const { json } = await runCli(['discover', address(server(1)), '--json'], env);
      const tree = json as Found;
      if (kind === 'mariadb') {
        expect(tree.complete).toBe(true);
        return;
      }
      expect(tree.complete).toBe(false);
      expect(tree.nodes[0]?.problems).toContainEqual({
        code: 'PRIVILEGES',
        message: 'GRANT REPLICATION SLAVE ON *.* TO `myswitch`@`%`',
      });
    });

    test('--write makes a configuration that the loader takes, and goes over no file unasked', async () => {
      const file = join(temporaryFolder('discovered'), 'myswitch.yaml');
      const { code, stderr } = await discover(server(4), '--write', file);
      expect([code, stderr]).toEqual([0, expect.stringContaining(`wrote ${file}`)]);
      const text = readFileSync(file, 'utf8');
      for (const each of all) expect(text).toContain(address(each));
      expect(text).toContain('env: MYSWITCH_CONTROL_PASSWORD');
      const again = await discover(server(4), '--write', file);
      expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('--yes')]);
      expect(readFileSync(file, 'utf8')).toBe(text);
      writeFileSync(file, 'something else');
      expect((await discover(server(4), '--write', file, '--yes')).code).toBe(0);
      expect(readFileSync(file, 'utf8')).toBe(text);
      // the loader takes it: what is missing is the running server
      const status = await runCli(['status', '--config', file], { ...process.env, MYSWITCH_ADMIN_PASSWORD: 'secret' });
      expect(status.code).toBe(6);
    });
  });

  describe('other shapes', () => {
    afterEach(strike);

    test('a circular pair with a replica: the same picture from every node', async () => {
      const pair = await cluster({ circular: true });
      const all = [...pair, await leafOf(pair[1]!, 3)];
      const [first, ...others] = await pictures(all);
      expect(shape(first as Found, all)).toEqual(['db1 < db2', 'db2 < db1', 'db3 < db2']);
      expect((first as Found).nodes[0]).toMatchObject({ name: address(all[0]!), role: 'primary', problems: [] });
      for (const other of others) expect(other).toEqual(first);
      await pair[1]!.sql('SET GLOBAL read_only = 0');
      const both = await found(all[2]!);
      expect(pair.map((each) => codesOf(both, each))).toEqual([['TWO_WRITERS'], ['TWO_WRITERS']]);
    }, 120_000);

    test('what is wrong with settings and channels', async () => {
      const [primary, replica] = await cluster({ semiSync: true });
      replica!.addToMyCnf(kind === 'mysql' ? 'log_replica_updates=OFF' : 'log_slave_updates=OFF');
      replica!.addToMyCnf('skip_slave_start');
      await replica!.restart();
      for (const statement of WRONG[kind]) await replica!.sql(statement);
      await until('it receives', async () => {
        const [row] = await replica!.sql('SHOW REPLICA STATUS');
        return (row?.['Replica_IO_Running'] ?? row?.['Slave_IO_Running']) === 'Yes' ? true : null;
      });
      const tree = await found(replica!);
      expect(codesOf(tree, replica!).sort()).toEqual(['BINLOG', 'DELAYED', 'FILTERS', 'GTID_MODE', 'WRITABLE_REPLICA']);
      await until('nobody acknowledges', async () =>
        codesOf(await found(primary!), primary!).includes('SEMI_SYNC') ? true : null,
      );
    }, 120_000);

    test('a replica of two sources, and two servers with one server_id', async () => {
      const one = await cluster({ replicas: 0 });
      const two = await cluster({ replicas: 0, extra: kind === 'mariadb' ? ['gtid_domain_id=2'] : [] });
      const [first, second] = [one[0]!, two[0]!];
      const both = await startServer({ kind, serverId: 3, extra: ['read_only=1'] });
      started.push(both);
      for (const [name, source] of [
        ['first', first],
        ['second', second],
      ] as const) {
        await both.sql(
          kind === 'mysql'
            ? `CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=${source.port}, SOURCE_USER='repl',
             SOURCE_PASSWORD='repl-secret', GET_SOURCE_PUBLIC_KEY=1, SOURCE_AUTO_POSITION=1 FOR CHANNEL '${name}'`
            : `CHANGE MASTER '${name}' TO MASTER_HOST='127.0.0.1', MASTER_PORT=${source.port}, MASTER_USER='repl',
             MASTER_PASSWORD='repl-secret', MASTER_USE_GTID=slave_pos`,
        );
        await both.sql(
          kind === 'mysql' ? `START REPLICA IO_THREAD FOR CHANNEL '${name}'` : `START SLAVE '${name}' IO_THREAD`,
        );
      }
      const all = [first, second, both];
      await until('both channels are connected', async () => {
        const rows = await both.sql(kind === 'mysql' ? 'SHOW REPLICA STATUS' : 'SHOW ALL SLAVES STATUS');
        return rows.every((row) => (row['Replica_IO_Running'] ?? row['Slave_IO_Running']) === 'Yes') ? true : null;
      });
      const [tree, ...others] = await pictures(all);
      expect(shape(tree as Found, all)).toEqual(['db1', 'db1', 'db3 < db1 < db1']);
      expect([first, second].map((each) => codesOf(tree as Found, each))).toEqual([['SERVER_ID'], ['SERVER_ID']]);
      for (const other of others) expect(other).toEqual(tree);
    }, 120_000);
  });
});
