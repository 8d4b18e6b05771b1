import { execFile } from 'node:child_process';
import { Readable } from 'node:stream';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { Capability, Command, encodePacket } from '@myswitch/protocol';
import {
  ACCOUNTS,
  type TestServer,
  createCertificates,
  createCluster,
  provision,
  temporaryFolder,
} from '@myswitch/testkit';
import mariadb from 'mariadb';
import type { Connection, QueryOptions, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';
import { RawClient } from './support/raw-client';

const run = promisify(execFile);
const { deflateSync, inflateSync } = zlib;
const MIB = 1 << 20;

/** A compressed packet as it is on the wire. */
function packet(body: Buffer, sequence: number, uncompressed: number): Buffer {
  const head = Buffer.alloc(7);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = sequence;
  head.writeUIntLE(uncompressed, 4, 3);
  return Buffer.concat([head, body]);
}

const query = (sql: string): Buffer => encodePacket(Buffer.concat([Buffer.of(Command.QUERY), Buffer.from(sql)]), 0);

describeKinds('compression towards clients', (kind) => {
  let server: TestServer;
  let plane: TestPlane;

  beforeAll(async () => {
    const extra = ['local_infile=ON', 'max_allowed_packet=64M'];
    const cluster = await createCluster({ kind, replicas: 0, extra });
    server = cluster.nodes[0]!;
    await server.sql('CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY, v LONGTEXT)');
    plane = await startPlane({ nodes: [server], backend: { min: 1, max: 2 } });
  });
  beforeEach(() => server.sql('DELETE FROM shop.t'));
  afterEach(async () => {
    RawClient.closeAll();
    await plane.disconnectAll();
    await plane.checkInvariants();
  });
  afterAll(() => plane.stop());

  const bytesRead = (client: Connection): number =>
    (client as unknown as { connection: { stream: { bytesRead: number } } }).connection.stream.bytesRead;

  test('mysql2: short and long, both ways', async () => {
    const client = await plane.connect({ database: 'shop', compress: true });
    const texts = ['short', 'x'.repeat(100_000), 'y'.repeat(20 * MIB)];
    for (const text of texts) {
      await client.query('INSERT INTO t (v) VALUES (?)', [text]);
      const before = bytesRead(client);
      const [rows] = await client.execute<RowDataPacket[]>('SELECT v FROM t ORDER BY id DESC LIMIT 1');
      expect(rows[0]?.['v'] === text).toBe(true);
      expect(bytesRead(client) - before).toBeLessThan(400 + text.length / 20);
    }
    await expect(client.query('SELECT * FROM nowhere')).rejects.toMatchObject({ errno: 1146 });
    await client.changeUser({ database: 'shop' });
    expect(await client.query('SELECT 1 AS one')).toMatchObject([[{ one: 1 }], {}]);
  });

  test('a schema that is not there is told to a client that compresses', async () => {
    await expect(plane.connect({ database: 'app_nowhere', compress: true })).rejects.toMatchObject({ errno: 1049 });
  });

  test('the mariadb driver, with pipelining and batches', async () => {
    const client = await mariadb.createConnection({
      host: '127.0.0.1',
      port: plane.port,
      ...ACCOUNTS.app,
      database: 'shop',
      compress: true,
    });
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => client.query('INSERT INTO t (v) VALUES (?)', [`${i}`.repeat(200)])),
    );
    await client.batch(
      'INSERT INTO t (v) VALUES (?)',
      Array.from({ length: 500 }, (_, i) => [`batch ${i}`]),
    );
    const rows = (await client.query('SELECT COUNT(*) AS n FROM t')) as { n: bigint }[];
    expect(Number(rows[0]?.n)).toBe(550);
    await client.end();
  });

  test('LOAD DATA LOCAL INFILE', async () => {
    const client = await plane.connect({ database: 'shop', compress: true });
    const piece = Buffer.from(`${'row'.repeat(1000)}\n`.repeat(100));
    const [outcome] = await client.query<ResultSetHeader>({
      sql: `LOAD DATA LOCAL INFILE 'x' INTO TABLE t (v)`,
      infileStreamFactory: () => Readable.from(Array.from({ length: 100 }, () => piece)),
    } as QueryOptions);
    expect(outcome.affectedRows).toBe(10_000);
  });

  /** What the kind's own client can be told; MySwitch has zstd where Node has it. */
  const algorithms = [['zlib', kind === 'mysql' ? '--compression-algorithms=zlib' : '--compress']];
  if (kind === 'mysql' && 'zstdCompressSync' in zlib) algorithms.push(['zstd', '--compression-algorithms=zstd']);
  const ways = algorithms.flatMap(([name, option]) => [false, true].map((tls) => ({ name, option: option!, tls })));

  test.each(ways)('the command-line client, $name, TLS $tls', async ({ option, tls }) => {
    const { cert, key } = certificates();
    const secured = tls ? await startPlane({ nodes: [server], tls: { cert, key, ca: null } }) : plane;
    const { client } = await provision(kind);
    const { user, password } = ACCOUNTS.app;
    const long = `INSERT INTO t (v) VALUES (REPEAT('long', 200000))`;
    const script = `${long}; SELECT v FROM t; SELECT LENGTH(v) FROM t; LOAD DATA LOCAL INFILE '${server.dir}/my.cnf' INTO TABLE t (v); SELECT COUNT(*) FROM t WHERE v LIKE 'port=%'; SELECT * FROM nowhere`;
    const outputs: string[] = [];
    for (const port of [secured.port, server.port]) {
      await server.sql('TRUNCATE TABLE shop.t');
      const over = tls && port === secured.port ? [kind === 'mysql' ? '--ssl-mode=REQUIRED' : '--ssl'] : [];
      const args = [...client.args, '-h127.0.0.1', `-P${port}`, `-u${user}`, `-p${password}`, option, ...over];
      const options = { maxBuffer: 64 * MIB };
      const child = run(client.command, [...args, '--local-infile=1', '--force', 'shop', '-e', script], options);
      const { stdout, stderr } = await child.catch((error: { stdout: string; stderr: string }) => error);
      outputs.push(stdout + stderr);
    }
    expect(outputs[0] === outputs[1]).toBe(true);
    expect(outputs[0]).toMatch(/\n1\n[^]*1146/);
    if (tls) await secured.stop();
  });

  describe('what is refused', () => {
    const connect = (): Promise<RawClient> => RawClient.connect({ port: plane.port, add: Capability.COMPRESS });

    test('a flood of commands in one packet keeps nobody from his turn', async () => {
      const client = await connect();
      const other = await RawClient.connect({ port: plane.port });
      client.socket.resume();
      client.socket.write(packet(deflateSync(Buffer.alloc(MIB)), 0, MIB));
      for (let i = 0; i < 20; i++) expect(await other.values('SELECT 1')).toEqual(['1']);
      client.close();
    });

    test('a session goes on with what is well formed', async () => {
      const client = await connect();
      const plain = query(`SELECT '${'x'.repeat(100)}'`);
      client.socket.write(packet(deflateSync(plain), 0, plain.length));
      const answer = await new Promise<Buffer>((resolve) => {
        let seen = Buffer.alloc(0);
        client.socket.on('data', (chunk: Buffer) => {
          seen = Buffer.concat([seen, chunk]);
          if (seen.length < 7 || seen.length < 7 + seen.readUIntLE(0, 3)) return;
          expect(seen[3]).toBe(1);
          resolve(inflateSync(seen.subarray(7, 7 + seen.readUIntLE(0, 3))));
        });
      });
      expect(answer.toString('latin1')).toContain('x'.repeat(100));
    });

    const bomb = deflateSync(Buffer.alloc(60 * MIB));
    test.each([
      ['a bomb that says so', packet(bomb.subarray(0, 1000), 0, 0xffffff)],
      ['a bomb that promises little', packet(bomb, 0, 1000)],
      ['no zlib', packet(Buffer.from('garbage'), 0, 100)],
      ['out of order', packet(Buffer.from('x'), 7, 0)],
      [
        'a hundred bombs',
        Buffer.concat(Array.from({ length: 100 }, () => packet(deflateSync(Buffer.alloc(MIB - 1, 'x')), 0, MIB - 1))),
      ],
    ])('%s', async (_, bytes) => {
      const client = await connect();
      const before = process.memoryUsage().arrayBuffers;
      client.socket.write(bytes);
      client.socket.resume();
      await client.ended;
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40 * MIB);
    });
  });

  function certificates(): { cert: string; key: string } {
    const { certFile, keyFile } = createCertificates(temporaryFolder('compression'));
    return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  }
});
