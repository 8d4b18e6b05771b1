import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import {
  ACCOUNTS,
  type Cluster,
  type TestServer,
  Workload,
  caughtUp,
  checkLedger,
  createCluster,
  createLedger,
  position,
  provision,
  replicates,
  sleep,
  startServer,
  temporaryFolder,
  until,
} from '@myswitch/testkit';
import { describeKinds } from './support/kinds';

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

describeKinds('a server of our own', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind, serverId: 7, tls: true });
  });

  test('answers over TCP on loopback with its own id', async () => {
    const [row] = await server.sql('SELECT @@server_id AS id, @@port AS port, @@bind_address AS address');
    expect(row).toEqual({ id: 7, port: server.port, address: '127.0.0.1' });
    expect(server.port).toBeLessThan(32_768);
  });

  test('has a certificate that its authority signed', async () => {
    const connection = await server.connect({ ssl: { ca: server.ca ?? '' } });
    const [rows] = await connection.query(`SHOW STATUS LIKE 'Ssl_cipher'`);
    await connection.end();
    expect(rows).toEqual([{ Variable_name: 'Ssl_cipher', Value: expect.stringMatching(/^TLS_/) }]);
  });

  test('restarts and is killed with the same data and port', async () => {
    await server.sql('CREATE DATABASE kept');
    const { port, pid } = server;
    await server.restart();
    await server.kill();
    expect(server.pid).toBeNull();
    await server.start();
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    expect(await server.sql(`SHOW DATABASES LIKE 'kept'`)).toHaveLength(1);
  });

  test('hangs while it is paused', async () => {
    server.pause();
    await expect(server.connect({ connectTimeout: 300 })).rejects.toThrow(/ETIMEDOUT/);
    server.resume();
    await server.sql('SELECT 1');
  });

  test('answers the command-line client of its kind', async () => {
    const { client } = await provision(kind);
    const { host, port, root } = server;
    const args = [
      ...client.args,
      '-h',
      host,
      '-P',
      String(port),
      '-u',
      root.user,
      `-p${root.password}`,
      '-Ne',
      'SELECT 42',
    ];
    const child = spawn(client.command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    await new Promise((resolve) => child.once('close', resolve));
    expect(output.trim()).toBe('42');
  });

  test('leaves nothing behind', async () => {
    const other = await startServer({ kind, serverId: 8 });
    const { pid, dir } = other;
    await other.remove();
    expect(isAlive(pid ?? 0)).toBe(false);
    expect(existsSync(dir)).toBe(false);
  });

  test('ends with the process that started it, even if that is killed', async () => {
    const folder = temporaryFolder('orphan');
    const script = `require('@myswitch/testkit').startServer({ kind: '${kind}', serverId: 9 })
      .then((server) => console.log(server.pid)); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TMPDIR: folder },
    });
    const pid = await new Promise<number>((resolve) => child.stdout.once('data', (chunk) => resolve(Number(chunk))));
    expect(isAlive(pid)).toBe(true);
    expect(readdirSync(folder)).toHaveLength(1);
    child.kill('SIGKILL');
    await until('the server ends', async () => (isAlive(pid) ? null : true));
    await until('its folder goes', async () => (readdirSync(folder).length === 0 ? true : null));
  });
});

describeKinds('a cluster with a ledger', (kind) => {
  let cluster: Cluster;
  let primary: TestServer;
  let replicas: TestServer[];
  let workload: Workload;

  beforeAll(async () => {
    cluster = await createCluster({ kind, replicas: 2, circular: true });
    const [first, ...others] = cluster.nodes;
    if (first === undefined) throw new Error('no primary');
    primary = first;
    replicas = others;
    await createLedger(primary);
  });

  test('replicates by GTID, round in a circle too', async () => {
    await caughtUp(primary, replicas);
    expect(new Set(await Promise.all(cluster.nodes.map(position))).size).toBe(1);
    expect(await Promise.all(cluster.nodes.map(replicates))).toEqual([true, true, true]);
  });

  test('its replicas refuse the application', async () => {
    const connection = await replicas[0]?.connect({ ...ACCOUNTS.app, database: 'shop' });
    await expect(connection?.query('DELETE FROM account')).rejects.toMatchObject({ errno: 1290 });
    await connection?.end();
  });

  test('the workload keeps to its rate, and the checker finds nothing wrong on any node', async () => {
    const connection = { host: primary.host, port: primary.port, ...ACCOUNTS.app };
    workload = new Workload({ connection, clients: 8, rate: 400 });
    await sleep(2000);
    const report = await workload.stop();
    expect(report).toMatchObject({ failed: 0, unknown: 0, dropped: 0, sessionErrors: [] });
    expect(report.statements / report.seconds).toBeGreaterThan(200);
    expect(report.statements / report.seconds).toBeLessThan(440);
    await caughtUp(primary, replicas);
    for (const node of cluster.nodes) expect((await checkLedger(node, workload)).problem).toBeNull();
  });

  test('the checker finds a planted loss, a planted duplicate, a stray row and moved money', async () => {
    await primary.sql('DELETE FROM shop.ledger WHERE client = 3 AND id = 1');
    await primary.sql('INSERT INTO shop.ledger (client, id, amount) VALUES (4, 1, 1), (5, 1000000, 1)');
    await primary.sql('UPDATE shop.account SET balance = balance + 1 WHERE id = 200');
    expect(await checkLedger(primary, workload)).toMatchObject({
      lost: ['3/1'],
      duplicated: ['4/1'],
      strange: ['5/1000000'],
      unbalanced: [200],
    });
  });

  test('the workload counts a lost connection and refused statements, and goes on', async () => {
    await createLedger(primary);
    const connection = { host: primary.host, port: primary.port, ...ACCOUNTS.app };
    const disturbed = new Workload({ connection, clients: 8, rate: 400 });
    await sleep(300);
    await primary.kill();
    await primary.start();
    await primary.sql('SET GLOBAL read_only = 1');
    await sleep(300);
    await primary.sql('SET GLOBAL read_only = 0');
    const acknowledged = disturbed.report().acknowledged;
    await sleep(300);
    const report = await disturbed.stop();
    expect(report.dropped).toBeGreaterThanOrEqual(8);
    expect(report.failedBy[1290]).toBeGreaterThan(0);
    expect(report.acknowledged).toBeGreaterThan(acknowledged);
    expect(report.sessionErrors).toEqual([]);
    expect((await checkLedger(primary, disturbed)).problem).toBeNull();
  });
});
