import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Capability } from '@myswitch/protocol';
import {
  ACCOUNTS,
  type TestServer,
  createCertificates,
  createCluster,
  freePort,
  provision,
  temporaryFolder,
} from '@myswitch/testkit';
import { createConnection } from 'mysql2/promise';
import type { RowDataPacket } from 'mysql2/promise';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';
import { RawClient } from './support/raw-client';

const run = promisify(execFile);

describeKinds('ways in and out', (kind) => {
  let server: TestServer;
  let plane: TestPlane | null = null;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 0, tls: true });
    server = cluster.nodes[0]!;
    await server.sql('CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100))');
    await server.sql(`INSERT INTO shop.t (v) VALUES ('ä'), (NULL)`);
  });
  afterEach(async () => {
    RawClient.closeAll();
    await plane?.disconnectAll();
    await plane?.checkInvariants();
    await plane?.stop();
    plane = null;
  });

  function certificates(): { cert: string; key: string; ca: string } {
    const { ca, certFile, keyFile } = createCertificates(temporaryFolder('proxy-tls'));
    return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), ca };
  }

  test('TLS from clients, checked by them', async () => {
    const { cert, key, ca } = certificates();
    plane = await startPlane({ nodes: [server], tls: { cert, key, ca: null } });
    const client = await plane.connect({ ssl: { ca }, database: 'shop' });
    const [rows] = await client.execute<RowDataPacket[]>('SELECT v FROM t WHERE id = ?', [1]);
    expect(rows).toEqual([{ v: 'ä' }]);
    const large = Buffer.alloc(3 << 20, 'x');
    const [lengths] = await client.query<RowDataPacket[]>('SELECT LENGTH(?) AS n, ? AS v', [large, large]);
    expect(lengths[0]?.['n']).toBe(large.length);
    const plain = await plane.connect();
    await plain.query('SELECT 1');
    await expect(plane.connect({ ssl: { ca }, password: 'wrong' })).rejects.toMatchObject({ errno: 1045 });
  });

  test('garbage in place of a TLS handshake ends that connection alone', async () => {
    const { cert, key } = certificates();
    plane = await startPlane({ nodes: [server], tls: { cert, key, ca: null } });
    const client = await RawClient.open({ port: plane.port });
    await client.packet(0);
    const request = Buffer.alloc(36);
    request.writeUIntLE(32, 0, 3);
    request[3] = 1;
    request.writeUInt32LE((Capability.PROTOCOL_41 | Capability.SSL | Capability.SECURE_CONNECTION) >>> 0, 4);
    client.socket.write(
      Buffer.concat([request, Buffer.from('this is no client hello at all, but long enough for one')]),
    );
    await client.ended;
    await (await plane.connect()).query('SELECT 1');
  });

  test('TLS towards the server, which is checked', async () => {
    const node = { name: server.name, host: server.host, port: server.port };
    plane = await startPlane({ nodes: [server], nodeTls: { ca: server.ca, cert: null, key: null } });
    const client = await plane.connect({ database: 'shop' });
    const [rows] = await client.query<RowDataPacket[]>(`SHOW STATUS LIKE 'Ssl_cipher'`);
    expect(rows[0]?.['Value']).toMatch(/^TLS_/);
    expect(node.port).toBe(server.port);
  });

  test('a server with a certificate of somebody else is not talked to', async () => {
    plane = await startPlane({
      nodes: [server],
      nodeTls: { ca: certificates().ca, cert: null, key: null },
      hold: { maxMs: 500, clients: 10, bytes: 1 << 20 },
    });
    await expect(plane.connect()).rejects.toMatchObject({ errno: 1105 });
  });

  test('a Unix-domain socket, also where a dead one was left behind', async () => {
    const path = join(temporaryFolder('proxy-socket'), 'shop.sock');
    const first = await startPlane({ nodes: [server], listen: [{ path }] });
    const client = await createConnection({ socketPath: path, ...ACCOUNTS.app });
    await client.query('SELECT 1');
    expect((await first.sessions())[0]?.client).toBe('localhost');
    await client.end();
    await first.stop();
    await run(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
    ]).catch(() => undefined);
    const second = await startPlane({ nodes: [server], listen: [{ path }] });
    const again = await createConnection({ socketPath: path, ...ACCOUNTS.app });
    await again.query('SELECT 1');
    await again.end();
    await second.stop();
  });

  test('two listeners lead to the same pool', async () => {
    const [a, b] = [await freePort(), await freePort()];
    plane = await startPlane({
      nodes: [server],
      listen: [
        { host: '127.0.0.1', port: a },
        { host: '127.0.0.1', port: b },
      ],
    });
    for (const port of [a, b]) await (await plane.connect({ port })).query('SELECT 1');
    expect(await plane.sessions()).toHaveLength(2);
  });

  describe('the command-line client', () => {
    const STATEMENTS = [
      'SELECT * FROM t ORDER BY id',
      `INSERT INTO t (v) VALUES ('x'), ('y')`,
      'SELECT LAST_INSERT_ID() > 0, ROW_COUNT()',
      `UPDATE t SET v = 'z' WHERE id > 2`,
      `SELECT CAST('12x' AS SIGNED)`,
      'SHOW WARNINGS',
      'SHOW TABLES',
      'DESCRIBE t',
      'SELECT * FROM nowhere',
      'DELETE FROM t WHERE id > 2',
      'ALTER TABLE t AUTO_INCREMENT = 3',
      'USE information_schema',
      'SELECT DATABASE()',
    ].join(';\n');

    const cli = async (port: number, args: readonly string[] = []): Promise<{ stdout: string; stderr: string }> => {
      const { client } = await provision(kind);
      await server.sql('DELETE FROM shop.t WHERE id > 2');
      await server.sql('ALTER TABLE shop.t AUTO_INCREMENT = 3');
      const { user, password } = ACCOUNTS.app;
      const all = ['-h', '127.0.0.1', '-P', String(port), '-u', user, `-p${password}`, '--force', '-vvv', ...args];
      const child = run(client.command, [...client.args, ...all, 'shop', '-e', `${STATEMENTS};`]);
      const result = await child.catch((error: { stdout: string; stderr: string }) => error);
      const timeless = result.stdout.replaceAll(/\(?\d+[.,]\d+ sec\)?/g, '');
      return { stdout: timeless, stderr: result.stderr.replaceAll(/^.*\[Warning\].*$/gm, '') };
    };

    test.each([[[]], [['--compress']], [['--default-character-set=latin1']], [['--quick']]])(
      'prints the same as at the server itself, %j',
      async (args: string[]) => {
        plane = await startPlane({ nodes: [server] });
        const direct = await cli(server.port, args);
        const proxied = await cli(plane.port, args);
        expect(proxied).toEqual(direct);
      },
    );

    test('over TLS', async () => {
      const { cert, key, ca } = certificates();
      plane = await startPlane({ nodes: [server], tls: { cert, key, ca: null } });
      expect(ca).toContain('BEGIN');
      const required = kind === 'mysql' ? ['--ssl-mode=REQUIRED'] : ['--ssl'];
      expect((await cli(plane.port, required)).stdout).toContain('ä');
    });
  });

  test.each([
    ['the account is new to the server', 'IDENTIFIED BY'],
    ['it has the native plugin', kind === 'mariadb' ? 'IDENTIFIED VIA mysql_native_password USING PASSWORD' : null],
  ])('backends log in when %s', async (_, how) => {
    if (how === null) return; // MySQL 9 has it no more
    const by = how.includes('VIA') ? `${how}('fresh-secret')` : `${how} 'fresh-secret'`;
    await server.sql(`CREATE OR REPLACE USER fresh@'%' ${by}`).catch(async () => {
      await server.sql(`DROP USER IF EXISTS fresh@'%'`);
      await server.sql(`CREATE USER fresh@'%' ${by}`);
    });
    for (const nodeTls of [null, { ca: server.ca, cert: null, key: null }]) {
      await server.sql('FLUSH PRIVILEGES'); // caching_sha2_password forgets: full authentication, by RSA or by TLS
      const one = await startPlane({ nodes: [server], nodeTls, users: [{ name: 'fresh', password: 'fresh-secret' }] });
      const client = await one.connect({ user: 'fresh', password: 'fresh-secret' });
      await client.query('SELECT 1');
      await one.stop();
    }
  });
});
