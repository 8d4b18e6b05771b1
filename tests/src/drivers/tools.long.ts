import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  ACCOUNTS,
  type Kind,
  type RuntimeName,
  type TestServer,
  caughtUp,
  fetchRuntime,
  follow,
  startServer,
} from '@myswitch/testkit';
import { type Outcome, type Results, keepResults } from '../compatibility/results';
import { describeKinds } from '../support/kinds';
import { Stage } from '../support/stage';
import { programVersion } from './versions';

jest.setTimeout(120_000);

const run = promisify(execFile);
const ROWS = 20_000;

/** Those that log in to the kind: MySQL's know no mysql_native_password, which MariaDB's accounts have. */
const TOOLS: Record<Kind, { readonly dump: RuntimeName; readonly slap: RuntimeName; readonly client: RuntimeName }> = {
  mariadb: { dump: 'mariadb-dump', slap: 'mariadb-slap', client: 'mariadb' },
  mysql: { dump: 'mysqldump', slap: 'mysqlslap', client: 'mysql' },
};

const PLAIN: Record<Kind, readonly string[]> = {
  mariadb: ['--skip-ssl'],
  mysql: ['--ssl-mode=DISABLED', '--get-server-public-key'],
};

const DUMP: Record<Kind, readonly string[]> = {
  mariadb: [],
  // Else the dump says where it was taken, which needs more privileges than applications have.
  mysql: ['--set-gtid-purged=OFF', '--no-tablespaces', '--loose-skip-masking-policies'],
};

/** A server that follows the pool through MySwitch. */
const REPLICA = 'replica';

const whyMissing = (name: RuntimeName): string | null =>
  process.env[`MYSWITCH_MISSING_RUNTIME_${name.toUpperCase()}`] ?? null;

/** Client tools as people run them, with switches meanwhile. */
describeKinds('tools through MySwitch', (kind) => {
  let stage: Stage;
  const { dump, slap, client } = TOOLS[kind];
  const found: Record<string, Record<string, Outcome>> = {};

  /** `step`: as `docs/compatibility.md` calls it. */
  function noted(name: string, step: string, body: () => Promise<void>, good: Outcome = 'same'): () => Promise<void> {
    return async () => {
      const outcomes = (found[name] ??= {});
      outcomes[step] = 'differs';
      await body();
      outcomes[step] = good;
    };
  }

  function testWith(name: RuntimeName, step: string, title: string, body: () => Promise<void>): void {
    (whyMissing(name) === null ? test : test.skip)(`${name} ${title}`, noted(name, step, body));
  }

  beforeAll(async () => {
    // The replica behind MySwitch logs in to it too.
    const users = [ACCOUNTS.app, ACCOUNTS.replication].map(({ user, password }) => ({ name: user, password }));
    stage = await Stage.set(kind, {}, { users, switch: { drain: '10s' }, hold: { max: '30s' } });
    const [primary] = stage.cluster.nodes as readonly [TestServer];
    const connection = await primary.connect({ database: 'shop' });
    await connection.query(
      'CREATE TABLE goods (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100), data BLOB, note JSON) DEFAULT CHARSET=utf8mb4',
    );
    const rows = Array.from({ length: 1000 }, (_, index) => [
      `Grüße 😀 ${index}`,
      Buffer.from([0, index % 256, 39, 92]),
      '{}',
    ]);
    for (let written = 0; written < ROWS; written += rows.length) {
      await connection.query('INSERT INTO goods (name, data, note) VALUES ?', [rows]);
    }
    await connection.query('CREATE TRIGGER named BEFORE INSERT ON goods FOR EACH ROW SET NEW.name = TRIM(NEW.name)');
    await connection.end();
    // A dump shows procedures to their owner only.
    const owner = await primary.connect({ ...ACCOUNTS.app, database: 'shop' });
    await owner.query('CREATE PROCEDURE goods_of(IN n INT) SELECT * FROM goods WHERE id = n');
    await owner.end();
    await caughtUp(primary, stage.cluster.nodes.slice(1));
  });

  afterAll(async () => {
    await stage.strike();
    const server = stage.cluster.nodes[0]!.version;
    const versionOf = async (name: string): Promise<string | null> =>
      name === REPLICA ? server : programVersion(name as RuntimeName);
    const versions = await Promise.all(Object.keys(found).map(versionOf));
    const results = Object.entries(found).map(([name, outcomes], i) => [
      name,
      { version: versions[i], server, outcomes },
    ]);
    keepResults('tools', kind, Object.fromEntries(results) as Results, [...Object.values(TOOLS[kind]), REPLICA]);
  });

  /** stdout; throws with stderr when it fails. */
  async function tool(name: RuntimeName, at: { host: string; port: number }, ...args: string[]): Promise<string> {
    const { command, args: before, env } = await fetchRuntime(name);
    const { user, password } = ACCOUNTS.app;
    const login = ['--protocol=TCP', `--host=${at.host}`, `--port=${at.port}`, `--user=${user}`, ...PLAIN[kind]];
    // Dumps have bytes that are no text.
    const options = {
      env: { ...process.env, ...env, MYSQL_PWD: password },
      encoding: 'latin1',
      maxBuffer: 2 ** 28,
    } as const;
    const { stdout, stderr } = await run(command, [...before, ...login, ...args], options);
    expect(stderr.replaceAll(/^.*Warning.*$/gim, '').trim()).toBe('');
    return stdout;
  }

  async function active(): Promise<TestServer> {
    return stage.node((await stage.status()).active!);
  }

  async function standby(): Promise<string> {
    return (await active()).name === 'db1' ? 'db2' : 'db1';
  }

  async function switchOver(): Promise<void> {
    const to = await standby();
    await stage.fitFor(to);
    const { flight } = await stage.switch('--to', to);
    expect(flight).toMatchObject({ result: 'switched', to });
  }

  for (const how of ['--single-transaction', '--lock-tables'] as const) {
    testWith(dump, `dump ${how}`, `${how}: the same dump, and none is cut by a switch`, async () => {
      const args = [how, '--skip-comments', '--routines', '--triggers', ...DUMP[kind], 'shop', 'goods'];
      const direct = await tool(dump, await active(), ...args);
      expect(direct.length).toBeGreaterThan(500_000);
      const dumping = tool(dump, stage.app, ...args);
      await switchOver();
      expect(await dumping).toBe(direct);
      expect(await tool(dump, stage.app, ...args)).toBe(direct);
    });
  }

  testWith(client, 'read a dump back', 'reads a dump back, with a switch meanwhile', async () => {
    // Triggers with another definer need more than an application may.
    const args = ['--skip-comments', '--single-transaction', '--skip-triggers', ...DUMP[kind]];
    const dumped = await tool(dump, stage.app, ...args, 'shop', 'goods');
    await (await active()).sql('CREATE DATABASE app_copy');
    const reading = read(dumped);
    await switchOver();
    await reading;
    expect(await tool(dump, stage.app, ...args, 'app_copy', 'goods')).toBe(dumped);
  });

  async function read(text: string): Promise<void> {
    const { command, args, env } = await fetchRuntime(client);
    const { host, port, user, password } = stage.app;
    const login = ['--protocol=TCP', `--host=${host}`, `--port=${port}`, `--user=${user}`, ...PLAIN[kind], 'app_copy'];
    const reading = run(command, [...args, ...login], { env: { ...process.env, ...env, MYSQL_PWD: password } });
    reading.child.stdin!.end(Buffer.from(text, 'latin1'));
    await reading;
  }

  testWith(slap, 'load by 8 clients', 'no statement fails in two switches', async () => {
    const load = [
      '--auto-generate-sql',
      '--auto-generate-sql-load-type=mixed',
      '--auto-generate-sql-add-autoincrement',
    ];
    const size = ['--concurrency=8', '--iterations=3', '--number-of-queries=6000', '--detach=100'];
    const slapping = tool(slap, stage.app, ...load, ...size, '--create-schema=app_slap');
    await switchOver();
    await switchOver();
    expect(await slapping).toContain('Average number of seconds to run all queries');
  });

  async function replicates(): Promise<void> {
    const to = await standby();
    await stage.fitFor(to);
    const replica = await startServer({ kind, serverId: 9, name: 'behind' });
    await follow(replica, { host: '127.0.0.1', port: stage.port, tls: false });
    await caughtUp(await active(), [replica]);
    await (await active()).sql("INSERT INTO shop.goods (name) VALUES ('before')");
    await caughtUp(await active(), [replica]);
    // its stream is a pin: it ends with the switch, and the replica connects again
    const { flight } = await stage.switch('--to', to, '--on-pinned', 'kill', '--yes');
    expect(flight).toMatchObject({ result: 'switched', to, killed: 1 });
    await (await active()).sql("INSERT INTO shop.goods (name) VALUES ('after')");
    await caughtUp(await active(), [replica]);
    const rows = await replica.sql("SELECT name FROM shop.goods WHERE name IN ('before', 'after') ORDER BY id");
    expect(rows).toEqual([{ name: 'before' }, { name: 'after' }]);
    await replica.remove();
  }

  test(
    'a replica replicates through MySwitch, also after a switch',
    noted(REPLICA, 'replicate, and come back after a switch that ends it', replicates, 'pinned: REPLICATION_STREAM'),
  );
});
