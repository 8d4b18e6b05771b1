import { Command, decodeErr, encodePacket, MAX_PACKET } from '@myswitch/protocol';
import { type TestServer, createCluster, until } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';
import { RawClient } from './support/raw-client';

const MIB = 1 << 20;
const LIMIT = 128 * MIB;
const TEXT = ["SELECT LENGTH('", `')`] as const;

/** Sequence id of the answer to a message of so many bytes. */
const answerTo = (bytes: number): number => Math.floor(bytes / MAX_PACKET) + 1;

/** A statement of so many bytes, with its command byte. */
function statement(bytes: number): Buffer {
  const payload = Buffer.alloc(bytes, 'x');
  payload[0] = Command.QUERY;
  payload.write(TEXT[0], 1);
  payload.write(TEXT[1], bytes - TEXT[1].length);
  return payload;
}

describeKinds('long messages', (kind) => {
  let server: TestServer;
  let plane: TestPlane;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 0, extra: [`max_allowed_packet=${LIMIT}`] });
    server = cluster.nodes[0]!;
    await server.sql('CREATE TABLE shop.large (id INT PRIMARY KEY, b LONGBLOB)');
    plane = await startPlane({ nodes: [server], backend: { min: 1, max: 3 } });
  });
  afterEach(async () => {
    RawClient.closeAll();
    await plane.disconnectAll();
    await plane.checkInvariants();
  });
  afterAll(() => plane.stop());

  const connect = (): Promise<RawClient> => RawClient.connect({ port: plane.port, database: 'shop' });

  test.each([MIB, 16 * MIB - 2, 16 * MIB - 1, 16 * MIB, 40 * MIB, LIMIT - 1])(
    'a statement of %d bytes',
    async (bytes) => {
      const client = await connect();
      client.sendPacket(statement(bytes), 0);
      const { rows, error } = await client.reply({ from: answerTo(bytes) });
      expect(error).toBeNull();
      expect(rows[0]?.toString('latin1', 1)).toBe(String(bytes - 1 - TEXT[0].length - TEXT[1].length));
      expect(await client.values('SELECT 1')).toEqual(['1']);
    },
  );

  test.each([LIMIT, LIMIT + 1, LIMIT + 40 * MIB])(
    'a statement of %d bytes is refused as the server refuses it',
    async (bytes) => {
      const answers = await Promise.all(
        [plane.port, server.port].map(async (port) => {
          const client = await RawClient.connect({ port });
          client.sendPacket(statement(bytes), 0);
          // told with the header that is too much
          const error = await client.packet(answerTo(LIMIT)).then(decodeErr, () => null);
          await client.ended;
          return error;
        }),
      );
      expect(answers[0]).toMatchObject({ code: 1153, sqlState: '08S01' });
      // MySQL resets the connection, so that its error does not always arrive
      if (answers[1] !== null) expect(answers[0]).toEqual(answers[1]);
    },
  );

  test('large values both ways, prepared', async () => {
    const client = await plane.connect({ database: 'shop' });
    const value = Buffer.alloc(30 * MIB, 'v');
    await client.execute('REPLACE INTO large VALUES (?, ?)', [1, value]);
    const [rows] = await client.query('SELECT b FROM large WHERE id = 1');
    expect((rows as { b: Buffer }[])[0]!.b.equals(value)).toBe(true);
  });

  test('many that announce much and send little hold nobody up for long, and no memory', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, connect));
    const before = process.memoryUsage().arrayBuffers;
    // the first packet of a longer message, and nearly nothing of it
    for (const client of clients)
      client.socket.write(Buffer.concat([Buffer.of(0xff, 0xff, 0xff, 0), Buffer.alloc(1000)]));
    const piece = Buffer.alloc(14 * MIB);
    for (const client of clients) client.socket.write(piece);
    let last = -1;
    await until('no more is taken', () => {
      const left = clients.reduce((sum, { socket }) => sum + socket.writableLength, 0);
      const stands = left === last;
      last = left;
      return Promise.resolve(stands && left > 0 ? true : null);
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(150 * MIB);
    const other = await connect();
    expect(await other.values('SELECT 1')).toEqual(['1']);
    const waits = await connect();
    waits.sendPacket(statement(20 * MIB), 0);
    for (const client of clients) client.close();
    expect((await waits.reply({ from: 2 })).error).toBeNull();
  });

  test('four clients with 60 MB each at once', async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, connect));
    const message = encodePacket(statement(60 * MIB), 0);
    const replies = await Promise.all(
      clients.map((client) => {
        client.socket.write(message);
        return client.reply({ from: answerTo(60 * MIB) });
      }),
    );
    for (const { error } of replies) expect(error).toBeNull();
  });
});
