import { Readable } from 'node:stream';
import { Capability, Command, decodeErr, ServerStatus } from '@myswitch/protocol';
import { ACCOUNTS, type TestServer, createCluster, until } from '@myswitch/testkit';
import type { QueryOptions, ResultSetHeader } from 'mysql2/promise';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';
import { RawClient } from './support/raw-client';
import { Relay } from './support/relay';

const LOAD = `LOAD DATA LOCAL INFILE 'rows.csv' INTO TABLE loaded FIELDS TERMINATED BY ',' (id, v)`;
const { LOCAL_FILES, MULTI_STATEMENTS, DEPRECATE_EOF } = Capability;
const ROW_WIDTH = 100;

/** So many rows of about ROW_WIDTH bytes, in pieces, not all in memory. */
function* rows(count: number): Generator<Buffer> {
  const filler = 'x'.repeat(ROW_WIDTH - 12);
  for (let from = 1; from <= count; from += 500) {
    const lines: string[] = [];
    for (let id = from; id < Math.min(from + 500, count + 1); id++) lines.push(`${id},${filler}`);
    yield Buffer.from(`${lines.join('\n')}\n`);
  }
}

describeKinds('LOAD DATA LOCAL INFILE', (kind) => {
  let server: TestServer;
  let plane: TestPlane;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 0, extra: ['local_infile=ON'] });
    server = cluster.nodes[0]!;
    await server.sql('CREATE TABLE shop.loaded (id INT PRIMARY KEY, v VARCHAR(100))');
    // LOCAL makes warnings of most errors
    await server.sql(
      `CREATE TRIGGER shop.refuses BEFORE INSERT ON shop.loaded FOR EACH ROW
       IF NEW.v = 'bad' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'bad row'; END IF`,
    );
    plane = await startPlane({ nodes: [server], backend: { min: 1, max: 3 } });
  });
  beforeEach(() => server.sql('DELETE FROM shop.loaded'));
  afterEach(async () => {
    RawClient.closeAll();
    await plane.disconnectAll();
    await plane.checkInvariants();
  });
  afterAll(() => plane.stop());

  const connect = (add = 0, without = 0): Promise<RawClient> =>
    RawClient.connect({ port: plane.port, database: 'shop', add: add | LOCAL_FILES, without });

  async function count(): Promise<number> {
    const [row] = await server.sql('SELECT COUNT(*) AS n FROM shop.loaded');
    return Number(row?.['n']);
  }

  test('a file of mysql2', async () => {
    const client = await plane.connect({ database: 'shop' });
    const [header] = await client.query<ResultSetHeader>({
      sql: LOAD,
      infileStreamFactory: () => Readable.from(rows(50_000)),
    } as QueryOptions);
    expect(header.affectedRows).toBe(50_000);
    expect(await client.query('SELECT COUNT(*) AS n FROM loaded')).toMatchObject([[{ n: 50_000 }], {}]);
  });

  test.each([
    ['with CLIENT_DEPRECATE_EOF', 0],
    ['without', DEPRECATE_EOF],
  ])('between other statements, %s', async (_, without) => {
    const client = await connect(MULTI_STATEMENTS, without);
    const direct = await RawClient.connect({
      port: server.port,
      database: 'shop',
      add: LOCAL_FILES | MULTI_STATEMENTS,
      without,
    });
    const transcript = async (one: RawClient): Promise<string[]> => {
      await server.sql('DELETE FROM shop.loaded');
      one.send(Command.QUERY, `SELECT 'a'; ${LOAD}; SELECT COUNT(*) FROM loaded; ${LOAD}`);
      const seen: string[] = [];
      for (let sequence = 1, files = 0; ;) {
        const payload = await one.packet(sequence);
        // behind the definitions nobody knows yet what the rows' end will say
        const eof = payload[0] === 0xfe && payload.length === 5;
        seen.push(`${sequence} ${eof ? 'EOF' : payload.toString('hex')}`);
        sequence = (sequence + 1) & 0xff;
        if (payload[0] === 0xff) return seen;
        if (payload[0] !== 0xfb) continue;
        const from = ++files * 10;
        for (const id of [from, from + 1]) one.sendPacket(Buffer.from(`${id},v\n`), sequence++);
        if (files === 2) one.sendPacket(Buffer.from('20,again\n22,bad\n'), sequence++);
        one.sendPacket(Buffer.alloc(0), sequence++);
      }
    };
    const proxied = await transcript(client);
    expect(proxied).toEqual(await transcript(direct));
    expect(proxied.at(-1)).toMatch(/^\d+ ff/);
    expect(await client.values('SELECT 1')).toEqual(['1']);
    direct.close();
  });

  test('an error in the middle of a file', async () => {
    const client = await connect();
    client.send(Command.QUERY, LOAD);
    await client.packet(1);
    client.sendPacket(Buffer.from('1000001,a\n1000002,bad\n'), 2);
    let sequence = 3;
    for (const piece of rows(20_000)) client.sendPacket(piece, sequence++ & 0xff);
    client.sendPacket(Buffer.alloc(0), sequence & 0xff);
    expect(decodeErr(await client.packet((sequence + 1) & 0xff)).code).toBe(1644);
    expect(await client.values('SELECT 1')).toEqual(['1']);
    expect(await count()).toBe(0);
  });

  test('a client that goes away in the middle', async () => {
    const client = await connect();
    client.send(Command.QUERY, LOAD);
    await client.packet(1);
    client.sendPacket(Buffer.from('1,a\n2,b\n'), 2);
    client.close();
    await until('the session ends', async () => ((await plane.sessions()).length === 0 ? true : null));
    await until('the server gave up', async () => {
      const busy = await server.sql(`SELECT id FROM information_schema.processlist WHERE info LIKE 'LOAD%'`);
      return busy.length === 0 ? true : null;
    });
    expect(await count()).toBe(0);
  });

  test('packets out of order', async () => {
    const client = await connect();
    client.send(Command.QUERY, LOAD);
    await client.packet(1);
    client.sendPacket(Buffer.from('1,a\n'), 7);
    expect(decodeErr(await client.packet(1)).code).toBe(1156);
    await client.ended;
    expect(await count()).toBe(0);
  });

  test('a server that does not keep up holds the client back', async () => {
    const blocker = await server.connect({ ...ACCOUNTS.app, database: 'shop' });
    await blocker.query(`BEGIN`);
    await blocker.query(`INSERT INTO loaded VALUES (1, 'mine')`);
    const client = await connect();
    client.send(Command.QUERY, LOAD);
    await client.packet(1);
    let sequence = 2;
    const total = 500_000;
    for (const piece of rows(total)) client.sendPacket(piece, sequence++ & 0xff);
    client.sendPacket(Buffer.alloc(0), sequence++ & 0xff);
    // what the sockets on the way take, and not the file
    let before = -1;
    await until('nothing is taken any more', () => {
      const stands = client.socket.writableLength === before;
      before = client.socket.writableLength;
      return Promise.resolve(stands ? true : null);
    });
    expect(client.socket.writableLength).toBeGreaterThan((total * ROW_WIDTH) / 2);
    await blocker.query('ROLLBACK');
    blocker.destroy();
    const ok = await client.packet(sequence & 0xff);
    expect(ok[0]).toBe(0);
    expect(await count()).toBe(total);
  });

  test('the server’s own refusal for a client without CLIENT_LOCAL_FILES', async () => {
    const client = await RawClient.connect({ port: plane.port, database: 'shop' });
    const direct = await RawClient.connect({ port: server.port, database: 'shop' });
    expect((await client.query(LOAD)).error).toEqual((await direct.query(LOAD)).error);
    direct.close();
  });

  if (kind === 'mariadb') {
    test('prepared', async () => {
      const client = await connect();
      const { id } = await client.prepare(LOAD);
      const argument = Buffer.alloc(9);
      argument.writeUInt32LE(id, 0);
      argument[5] = 1;
      client.send(Command.STMT_EXECUTE, argument);
      expect((await client.packet(1))[0]).toBe(0xfb);
      client.sendPacket(Buffer.from('1,a\n'), 2);
      client.sendPacket(Buffer.alloc(0), 3);
      expect((await client.packet(4))[0]).toBe(0);
      expect(await count()).toBe(1);
    });
  }

  describe('a server that is not to be trusted', () => {
    let relay: Relay;
    let relayed: TestPlane;
    beforeEach(async () => {
      relay = await Relay.to(server);
      relayed = await startPlane({ nodes: [Object.create(server, { port: { value: relay.port } }) as TestServer] });
      relay.sent = (text, connection) => {
        if (!text.includes('/etc/passwd')) return;
        // asks for a file in the place of its answer
        connection.rewrite = () => Buffer.from([12, 0, 0, 1, 0xfb, ...Buffer.from('/etc/passwd')]);
      };
    });
    afterEach(async () => {
      await relayed.stop();
      relay.close();
    });

    test.each([
      ['without the capability', 0, `${LOAD} -- /etc/passwd`],
      ['for another statement', LOCAL_FILES, `SELECT '/etc/passwd'`],
      ['for a text that speaks of one', LOCAL_FILES, `SELECT 'load data local' /* load data local */, '/etc/passwd'`],
    ])('asks for a file %s', async (_, add, sql) => {
      const client = await RawClient.connect({ port: relayed.port, database: 'shop', add });
      client.send(Command.QUERY, sql);
      const answer = await client.packet(1);
      expect(answer[0]).toBe(0xff);
      expect(decodeErr(answer)).toMatchObject({ code: 1105 });
      const reply = await client.query('SELECT 1');
      expect(reply.status & ServerStatus.AUTOCOMMIT).not.toBe(0);
    });
  });
});
