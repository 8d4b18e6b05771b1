import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Capability, ColumnType, Command, MariaDbCapability } from '@myswitch/protocol';
import { ACCOUNTS, type TestServer, createCluster, provision } from '@myswitch/testkit';
import mariadb from 'mariadb';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';
import { RawClient, type RawOptions, type Reply } from './support/raw-client';

const run = promisify(execFile);
const { QUERY_ATTRIBUTES, OPTIONAL_RESULTSET_METADATA, MULTI_STATEMENTS, DEPRECATE_EOF } = Capability;
const LAST_PREPARED = Buffer.of(0xff, 0xff, 0xff, 0xff);

const lenenc = (text: string): Buffer => Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);
const hex = ({ payloads }: Reply): string[] => payloads.map((payload) => payload.toString('hex'));

/** Attributes as they stand in front of a query's text. */
function withAttributes(attributes: Readonly<Record<string, string>>, sql: string): Buffer {
  const names = Object.keys(attributes);
  const head = Buffer.of(names.length, 1);
  if (names.length === 0) return Buffer.concat([head, Buffer.from(sql)]);
  const types = names.map((name) => Buffer.concat([Buffer.of(ColumnType.VAR_STRING, 0), lenenc(name)]));
  const values = Object.values(attributes).map(lenenc);
  return Buffer.concat([
    head,
    Buffer.alloc((names.length + 7) >> 3),
    Buffer.of(1),
    ...types,
    ...values,
    Buffer.from(sql),
  ]);
}

/** COM_STMT_EXECUTE with CLIENT_QUERY_ATTRIBUTES: texts, and attributes behind them. `types` false: as the time before. */
function executeBody(
  id: number,
  values: readonly string[],
  attributes: Readonly<Record<string, string>>,
  types = true,
): Buffer {
  const names = [...values.map(() => ''), ...Object.keys(attributes)];
  const all = [...values, ...Object.values(attributes)];
  const head = Buffer.alloc(9);
  head.writeUInt32LE(id, 0);
  head[4] = 0x08;
  head[5] = 1;
  const parts: Buffer[] = [head, Buffer.of(all.length)];
  if (all.length > 0) {
    parts.push(Buffer.alloc((all.length + 7) >> 3), Buffer.of(types ? 1 : 0));
    if (types) for (const name of names) parts.push(Buffer.of(ColumnType.VAR_STRING, 0), lenenc(name));
    parts.push(...all.map(lenenc));
  }
  return Buffer.concat(parts);
}

describeKinds('capabilities that change the messages', (kind) => {
  let server: TestServer;
  let plane: TestPlane;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 0 });
    server = cluster.nodes[0]!;
    await server.sql('CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100), j JSON, u VARCHAR(50))');
    await server.sql(`INSERT INTO shop.t (v, j) VALUES ('one', '{}'), ('two', '[]')`);
    if (kind === 'mysql') await server.sql(`INSTALL COMPONENT 'file://component_query_attributes'`);
    plane = await startPlane({ nodes: [server], backend: { min: 1, max: 2 } });
  });
  afterEach(async () => {
    RawClient.closeAll();
    await plane.disconnectAll();
    await plane.checkInvariants();
  });
  afterAll(() => plane.stop());

  /** The same client of the proxy and of the server itself. */
  async function both(options: Partial<RawOptions>): Promise<readonly [proxied: RawClient, direct: RawClient]> {
    const connect = (port: number): Promise<RawClient> => RawClient.connect({ port, database: 'shop', ...options });
    return [await connect(plane.port), await connect(server.port)];
  }

  test('offers what the server offers, but for what can not be shared', async () => {
    const greetings = await Promise.all(
      [plane.port, server.port].map(async (port) => (await RawClient.open({ port })).greeting()),
    );
    const [proxied, direct] = greetings;
    const optional = QUERY_ATTRIBUTES | OPTIONAL_RESULTSET_METADATA | Capability.LOCAL_FILES | Capability.LONG_PASSWORD;
    expect(proxied!.capabilities & optional).toBe(direct!.capabilities & optional);
    expect(proxied!.mariadbCapabilities).toBe(
      direct!.mariadbCapabilities & ~(MariaDbCapability.CACHE_METADATA | MariaDbCapability.PROGRESS),
    );
  });

  if (kind === 'mysql') {
    describe('query attributes', () => {
      const ASK = `SELECT mysql_query_attribute_string('a'), mysql_query_attribute_string('b')`;

      test('of COM_QUERY', async () => {
        const pair = await both({ add: QUERY_ATTRIBUTES });
        for (const attributes of [{ a: 'one', b: 'two' }, {}, { b: 'x'.repeat(200) }]) {
          const [proxied, direct] = await Promise.all(
            pair.map((one) => {
              one.send(Command.QUERY, withAttributes(attributes, ASK));
              return one.reply();
            }),
          );
          expect(hex(proxied!)).toEqual(hex(direct!));
          expect(proxied!.rows[0]?.toString('latin1')).toContain(attributes.b ?? '\u00fb');
        }
      });

      test('do not hide what a text does to its session', async () => {
        const [client] = await both({ add: QUERY_ATTRIBUTES });
        const query = (sql: string): Promise<Reply> => {
          client.send(Command.QUERY, withAttributes({ a: `'; SET @a = 1` }, sql));
          return client.reply();
        };
        await query(`SET @mine = 42, SESSION session_track_schema = OFF, time_zone = '+05:00'`);
        await query('CREATE TEMPORARY TABLE tmp (id INT)');
        expect(await plane.pins()).toContain('TEMPORARY_TABLE');
        await query('SELECT SQL_CALC_FOUND_ROWS 1');
        const other = await plane.connect();
        await other.query('SELECT 1');
        expect((await query('SELECT @mine, @@time_zone')).rows[0]?.toString('latin1')).toContain('42');
        client.send(Command.QUERY, Buffer.from('\u0005'));
        expect((await client.single()).error?.code).toBe(1835);
        expect((await query('SELECT 1')).error).toBeNull();
      });

      test('of COM_STMT_EXECUTE, on backends that are shared', async () => {
        const [proxied, direct] = await both({ add: QUERY_ATTRIBUTES });
        const sql = `SELECT ?, mysql_query_attribute_string('a'), ?`;
        const others = await Promise.all(
          [1, 2, 3].map(() => RawClient.connect({ port: plane.port, add: QUERY_ATTRIBUTES })),
        );
        const ids = [(await prepare(proxied, sql)).id, (await prepare(direct, sql)).id];
        const bodies: ((id: number) => Buffer)[] = [
          (id) => executeBody(id, ['x', 'y'], { a: 'attribute' }),
          (id) => executeBody(id, ['x', 'y'], {}),
          (id) => executeBody(id, ['again', 'types'], {}, false),
          (id) => executeBody(id, ['v', 'w'], { b: 'another', a: 'second' }),
          (id) => executeBody(id, ['v', ''], {}, false),
        ];
        for (const [i, body] of bodies.entries()) {
          const replies = await Promise.all(
            [proxied, direct].map((one, which) => {
              one.send(Command.STMT_EXECUTE, body(ids[which]!));
              return one.reply();
            }),
          );
          expect(hex(replies[0]!)).toEqual(hex(replies[1]!));
          // the next one comes to a backend that never saw the types
          await Promise.all(
            others.map((other) => {
              other.send(Command.QUERY, withAttributes({}, `SELECT SLEEP(0.0${i + 1})`));
              return other.reply();
            }),
          );
        }
      });

      test('of the command-line client', async () => {
        const { client } = await provision(kind);
        const { user, password } = ACCOUNTS.app;
        const script = `query_attributes a one b two;\n${ASK};\n${ASK};\n`;
        const outputs = await Promise.all(
          [plane.port, server.port].map(async (port) => {
            const args = [
              ...client.args,
              '-h127.0.0.1',
              `-P${port}`,
              `-u${user}`,
              `-p${password}`,
              '-N',
              '--commands',
              'shop',
            ];
            const child = run(client.command, args);
            child.child.stdin?.end(script);
            return (await child).stdout;
          }),
        );
        expect(outputs[0]).toBe(outputs[1]);
        expect(outputs[0]).toBe('one\ttwo\nNULL\tNULL\n');
      });

      const prepare = (client: RawClient, sql: string): ReturnType<RawClient['prepare']> => client.prepare(sql);
    });

    describe.each([
      ['with CLIENT_DEPRECATE_EOF', 0],
      ['without', DEPRECATE_EOF],
    ])('resultset_metadata = NONE, %s', (_, without) => {
      test('for texts and prepared statements', async () => {
        const pair = await both({ add: OPTIONAL_RESULTSET_METADATA | MULTI_STATEMENTS, without });
        const transcripts = await Promise.all(
          pair.map(async (one) => {
            const seen: string[] = [];
            const note = (payload: Buffer): void => {
              const eof = payload[0] === 0xfe && payload.length === 5;
              seen.push(eof ? 'EOF' : payload.toString('hex'));
            };
            const packets = async (command: number, argument: string | Buffer, ends: number): Promise<void> => {
              one.send(command, argument);
              for (let sequence = 1; ends > 0; sequence++) {
                const payload = await one.packet(sequence);
                note(payload);
                if (payload[0] === 0xfe || (payload[0] === 0 && payload.length === 7)) ends--;
              }
            };
            const eofs = without === 0 ? 0 : 1;
            await packets(Command.QUERY, 'SELECT 1, 2', 1 + eofs);
            await packets(Command.QUERY, 'SET resultset_metadata = NONE', 1);
            await packets(Command.QUERY, 'SELECT id, v FROM t ORDER BY id', 1 + eofs);
            await packets(Command.QUERY, 'SELECT 1; SELECT 2, 3', 2 + 2 * eofs);
            await packets(Command.QUERY, `SET @a = 'x'`, 1);
            await packets(Command.QUERY, 'SELECT @a', 1 + eofs);
            one.send(Command.STMT_PREPARE, 'SELECT id FROM t WHERE id = ?');
            const prepared = await one.packet(1);
            note(prepared.subarray(5));
            for (let i = 0; i < 2 * eofs; i++) note(await one.packet(2 + i));
            const body = Buffer.alloc(9 + 1 + 1 + 2 + 8);
            prepared.copy(body, 0, 1, 5);
            body[5] = 1;
            body.set([0, 1, ColumnType.LONGLONG, 0, 2], 9);
            await packets(Command.STMT_EXECUTE, body, 1 + eofs);
            return seen;
          }),
        );
        expect(transcripts[0]).toEqual(transcripts[1]);
        expect(await plane.pins()).toContain('UNKNOWN_STATE');
        const [proxied] = pair;
        proxied.send(Command.RESET_CONNECTION);
        expect((await proxied.single()).error).toBeNull();
        expect(await plane.pins()).toEqual([]);
        proxied.send(Command.QUERY, 'SELECT @@resultset_metadata');
        expect((await proxied.packet(1)).toString('hex')).toBe('0101');
      });
    });
  } else {
    describe('MariaDB’s own', () => {
      const EXTENDED = MariaDbCapability.EXTENDED_METADATA;
      const BULK = MariaDbCapability.STMT_BULK_OPERATIONS;

      test('extended metadata, beside clients without', async () => {
        const pair = await both({ mariadb: EXTENDED });
        const plain = await both({});
        for (const [proxied, direct] of [pair, plain]) {
          const replies = await Promise.all(
            [proxied, direct].map((one) => one.query('SELECT id, j, POINT(1,2) FROM t')),
          );
          expect(hex(replies[0]!)).toEqual(hex(replies[1]!));
          expect(hex(replies[0]!).join().includes(Buffer.from('json').toString('hex'))).toBe(proxied === pair[0]);
        }
        // read back by us over such a backend, and set again on another one
        await pair[0].query(`SET @j = '{}', @n = 5.0, time_zone = '+03:00'`);
        await Promise.all([1, 2].map(async () => (await plane.connect()).query('SELECT SLEEP(0.05)')));
        expect(await pair[0].values(`SELECT CONCAT_WS('/', @j, @n, @@time_zone)`)).toEqual(['{}/5.0/+03:00']);
      });

      test('COM_STMT_BULK_EXECUTE', async () => {
        const pair = await both({ mariadb: BULK });
        const answers = await Promise.all(
          pair.map(async (one, which) => {
            const { id } = await one.prepare('INSERT INTO t (v, u) VALUES (?, ?)');
            const rows = (from: number): Buffer =>
              Buffer.concat(
                [0, 1, 2].map((i) =>
                  Buffer.concat([
                    Buffer.of(0),
                    lenenc(`bulk ${which} ${from + i}`),
                    i === 1 ? Buffer.of(1) : Buffer.concat([Buffer.of(0), lenenc('u')]),
                  ]),
                ),
              );
            const send = (types: boolean, from: number, statement = id): void => {
              const head = Buffer.alloc(6);
              head.writeUInt32LE(statement, 0);
              head[4] = types ? 0x80 : 0;
              const named = types ? Buffer.of(ColumnType.VAR_STRING, 0, ColumnType.VAR_STRING, 0) : Buffer.alloc(0);
              one.send(Command.STMT_BULK_EXECUTE, Buffer.concat([head, named, rows(from)]));
            };
            const infos: string[] = [];
            for (const types of [true, false, false]) {
              send(types, infos.length * 3);
              infos.push((await one.single()).payloads[0]!.toString('latin1', 6));
              if (which === 0)
                await Promise.all([1, 2].map(async () => (await plane.connect()).query('SELECT SLEEP(0.05)')));
            }
            send(true, 0, 4000);
            infos.push((await one.single()).error?.message ?? 'no error');
            const count = await one.values(`SELECT COUNT(*) FROM t WHERE v LIKE 'bulk ${which}%' AND u IS NOT NULL`);
            return infos.concat(count.map(String));
          }),
        );
        expect(answers[0]).toEqual(answers[1]);
        expect(answers[0]!.at(-1)).toBe('6');
      });

      test('statement -1, the one that was prepared last', async () => {
        const pair = await both({ mariadb: BULK });
        const transcripts = await Promise.all(
          pair.map(async (one) => {
            const seen: unknown[] = [];
            const execute = async (): Promise<void> => {
              one.send(Command.STMT_EXECUTE, Buffer.concat([LAST_PREPARED, Buffer.of(0, 1, 0, 0, 0)]));
              const { error, rows } = await one.reply();
              seen.push(
                error,
                rows.map((row) => row.toString('latin1')),
              );
            };
            await execute();
            // without waiting for the id
            one.send(Command.STMT_PREPARE, `SELECT 'first'`);
            one.send(Command.STMT_EXECUTE, Buffer.concat([LAST_PREPARED, Buffer.of(0, 1, 0, 0, 0)]));
            for (let i = 1; i <= 2; i++) await one.packet(i);
            seen.push((await one.reply()).rows.length);
            await one.prepare(`SELECT 'second'`);
            await execute();
            await one.prepare('SELECT nonsense FROM').catch(() => undefined);
            await execute();
            const third = await one.prepare(`SELECT 'third'`);
            await execute();
            const id = Buffer.alloc(4);
            id.writeUInt32LE(third.id, 0);
            one.send(Command.STMT_CLOSE, id);
            await execute();
            await one.prepare(`SELECT 'fourth'`);
            one.send(Command.STMT_CLOSE, LAST_PREPARED);
            await execute();
            return seen;
          }),
        );
        expect(transcripts[0]).toEqual(transcripts[1]);
        expect(JSON.stringify(transcripts[0])).toContain('third');
      });

      test('the npm driver’s batches', async () => {
        for (const port of [plane.port, server.port]) {
          const client = await mariadb.createConnection({
            host: '127.0.0.1',
            port,
            ...ACCOUNTS.app,
            database: 'shop',
            pipelining: true,
          });
          await client.query('DELETE FROM t WHERE u = ?', ['batch']);
          const rows = Array.from({ length: 2000 }, (_, i) => [`row ${i}`, i % 7 === 0 ? null : '{"a":1}', 'batch']);
          const outcome = (await client.batch('INSERT INTO t (v, j, u) VALUES (?, ?, ?)', rows)) as {
            affectedRows: number;
          };
          expect(outcome.affectedRows).toBe(2000);
          const [row] = (await client
            .execute('SELECT COUNT(*) AS n, ANY_VALUE(j) AS j FROM t WHERE u = ? AND j IS NOT NULL', ['batch'])
            .catch(() =>
              client.execute('SELECT COUNT(*) AS n, MAX(j) AS j FROM t WHERE u = ? AND j IS NOT NULL', ['batch']),
            )) as { n: bigint }[];
          expect(Number(row?.n)).toBe(1714);
          await client.end();
        }
      });
    });
  }
});
