import { Capability, Command, decodeErr, ServerStatus } from '@myswitch/protocol';
import { ACCOUNTS, type TestServer, caughtUp, createCluster, startServer, until } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';
import { RawClient } from './support/raw-client';

const { DEPRECATE_EOF, MULTI_STATEMENTS } = Capability;
const REPLICA_ID = 77;

/** COM_BINLOG_DUMP from a position on, that ends where the log does. */
function dump(file: string): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt32LE(4, 0);
  head.writeUInt16LE(1, 4);
  head.writeUInt32LE(REPLICA_ID, 6);
  return Buffer.concat([head, Buffer.from(file)]);
}

describeKinds('the rarer commands', (kind) => {
  let server: TestServer;
  let plane: TestPlane;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 0 });
    server = cluster.nodes[0]!;
    await server.sql('CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100))');
    await server.sql(`INSERT INTO shop.t (v) VALUES ('one'), ('two')`);
    const { user, password } = ACCOUNTS.replication;
    plane = await startPlane({
      nodes: [server],
      backend: { min: 1, max: 3 },
      users: [
        { name: ACCOUNTS.app.user, password: ACCOUNTS.app.password },
        { name: user, password },
        { name: server.root.user, password: server.root.password },
      ],
    });
  });
  afterEach(async () => {
    RawClient.closeAll();
    await plane.disconnectAll();
    await plane.checkInvariants();
  });
  afterAll(() => plane.stop());

  /** COM_QUIT, the family of statements, logins, and what closes or moves the server are tested elsewhere. */
  const ELSEWHERE: ReadonlySet<number> = new Set([
    Command.QUIT,
    Command.QUERY,
    Command.STATISTICS,
    Command.PROCESS_KILL,
    Command.CHANGE_USER,
    Command.STMT_PREPARE,
    Command.STMT_EXECUTE,
    Command.STMT_SEND_LONG_DATA,
    Command.STMT_CLOSE,
    Command.STMT_RESET,
    Command.STMT_BULK_EXECUTE,
    Command.STMT_FETCH,
    Command.SET_OPTION,
    Command.PROCESS_INFO,
    Command.CLONE,
    Command.SUBSCRIBE_GROUP_REPLICATION_STREAM,
  ]);

  test.each([
    ['with CLIENT_DEPRECATE_EOF', 0],
    ['without', DEPRECATE_EOF],
  ])('every code is answered as the server answers it, %s', async (_, without) => {
    for (let code = 0; code <= 0xff; code = code === 0x24 ? 0xf8 : code + 1) {
      if (ELSEWHERE.has(code)) continue;
      const answers = await Promise.all(
        [plane.port, server.port].map(async (port) => {
          const client = await RawClient.connect({ port, without, database: 'shop' });
          client.send(code, code === Command.FIELD_LIST ? 'nowhere\0' : code === Command.INIT_DB ? 'shop' : '');
          const payload = await client.packet(1);
          client.close();
          return payload[0] === 0xff ? decodeErr(payload) : payload.toString('hex');
        }),
      );
      expect({ code, answer: answers[0] }).toEqual({ code, answer: answers[1] });
    }
  });

  test.each([
    ['with CLIENT_DEPRECATE_EOF', 0],
    ['without', DEPRECATE_EOF],
  ])('COM_DEBUG and COM_REFRESH of one who may, %s', async (_, without) => {
    const { user, password } = server.root;
    const pair = await Promise.all(
      [plane, server].map(({ port }) => RawClient.connect({ port, user, password, without })),
    );
    for (const [code, argument] of [
      [Command.REFRESH, '\u0008'],
      [Command.DEBUG, ''],
    ] as const) {
      const answers = await Promise.all(
        pair.map(async (one) => {
          one.send(code, argument);
          const payload = await one.packet(1);
          // MySQL's COM_DEBUG counts the warnings of whatever ran before on the connection
          return payload[0] === 0xff ? decodeErr(payload) : payload.toString('hex').replace(/^fe..(?=000200$)/, 'fe00');
        }),
      );
      expect(answers[0]).toEqual(answers[1]);
    }
  });

  test('COM_FIELD_LIST, COM_STATISTICS and COM_PROCESS_INFO', async () => {
    const pair = await Promise.all([plane, server].map(({ port }) => RawClient.connect({ port, database: 'shop' })));
    const answers = await Promise.all(
      pair.map(async (one) => {
        one.send(Command.FIELD_LIST, 't\0%');
        const fields = (await one.fetched()).payloads.map((payload) => payload.toString('hex'));
        one.send(Command.STATISTICS);
        const statistics = (await one.packet(1)).toString('latin1').replaceAll(/[\d.]+/g, '#');
        one.send(Command.PROCESS_INFO);
        const { error, payloads, rows } = await one.reply();
        return { fields, statistics, error, columns: rows.length === 0 ? [] : payloads.slice(1, -1 - rows.length) };
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
  });

  test.each([
    ['with CLIENT_DEPRECATE_EOF', 0],
    ['without', DEPRECATE_EOF],
  ])('COM_SET_OPTION, between transactions and inside of one, %s', async (_, without) => {
    const pair = await Promise.all(
      [plane, server].map(({ port }) => RawClient.connect({ port, database: 'shop', without })),
    );
    const answers = await Promise.all(
      pair.map(async (one) => {
        const seen: unknown[] = [];
        for (const step of ['ON', 'BEGIN', 'OFF', 'ON', 'ROLLBACK', 'BEGIN', 'OFF', 'ROLLBACK', 'ON', 'WRONG']) {
          if (step === 'BEGIN' || step === 'ROLLBACK') {
            await one.query(step);
            await one.query('SELECT COUNT(*) FROM t');
          } else {
            one.send(Command.SET_OPTION, Buffer.of(['ON', 'OFF', 'WRONG'].indexOf(step), 0));
            seen.push((await one.packet(1)).toString('hex'));
          }
          const { error, rows } = await one.query('SELECT 1; SELECT 2');
          seen.push(error?.code ?? rows.length);
        }
        return seen;
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toContain(1064);
    // nobody else gets a backend that speaks otherwise than he does
    const others = await Promise.all([0, MULTI_STATEMENTS].map((add) => RawClient.connect({ port: plane.port, add })));
    const codes = await Promise.all(others.map(async (one) => (await one.query('SELECT 1; SELECT 2')).error?.code));
    expect(codes).toEqual([1064, undefined]);
  });

  describe('replication', () => {
    const { user, password } = ACCOUNTS.replication;

    test.each([
      ['with CLIENT_DEPRECATE_EOF', 0],
      ['without', DEPRECATE_EOF],
    ])('COM_BINLOG_DUMP up to the end of the log, %s', async (_, without) => {
      await server.sql('FLUSH BINARY LOGS');
      await server.sql(`INSERT INTO shop.t (v) VALUES (REPEAT('x', 90)), ('dumped')`);
      const [status] = await server.sql('SHOW BINARY LOGS').then((rows) => rows.slice(-1));
      const file = String(status?.['Log_name']);
      const dumps: { error: unknown; payloads: string[] }[] = [];
      // one after the other: a server ends the stream of a replica when another one of the same id comes
      for (const port of [plane.port, server.port]) {
        const client = await RawClient.connect({ port, user, password, without });
        await client.query(`SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = 'CRC32'`);
        if (kind === 'mariadb') await client.query('SET @mariadb_slave_capability = 4');
        client.send(Command.BINLOG_DUMP, dump(file));
        const reply = await client.fetched();
        dumps.push({ error: reply.error, payloads: reply.payloads.map((payload) => payload.toString('hex')) });
        client.close();
      }
      expect(dumps[0]).toEqual(dumps[1]);
      expect(dumps[0]!.error).toBeNull();
      expect(dumps[0]!.payloads.join().includes(Buffer.from('dumped').toString('hex'))).toBe(true);
    });

    test('a replica follows through the proxy, and is named as what it is', async () => {
      // the replica asks for it as it connects
      if (kind === 'mysql') await server.sql(`INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'`);
      const replica = await startServer({ kind, serverId: REPLICA_ID });
      const root = { host: '127.0.0.1', port: plane.port, user, password };
      const start =
        kind === 'mariadb'
          ? [
              'SET GLOBAL rpl_semi_sync_slave_enabled = 1',
              `CHANGE MASTER TO MASTER_HOST = '${root.host}', MASTER_PORT = ${root.port}, MASTER_USER = '${user}',
               MASTER_PASSWORD = '${password}', MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1`,
              'START SLAVE',
            ]
          : [
              `INSTALL PLUGIN rpl_semi_sync_replica SONAME 'semisync_replica.so'`,
              'SET GLOBAL rpl_semi_sync_replica_enabled = 1',
              `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '${root.host}', SOURCE_PORT = ${root.port},
               SOURCE_USER = '${user}', SOURCE_PASSWORD = '${password}', SOURCE_AUTO_POSITION = 1,
               SOURCE_SSL = 0, GET_SOURCE_PUBLIC_KEY = 1, SOURCE_CONNECT_RETRY = 1`,
              'START REPLICA',
            ];
      for (const sql of start) await replica.sql(sql);
      await server.sql(`INSERT INTO shop.t (v) VALUES ('replicated')`);
      await caughtUp(server, [replica]);
      const rows = await replica.sql(`SELECT v FROM shop.t WHERE v = 'replicated'`);
      expect(rows).toHaveLength(1);
      expect(await plane.blocking()).toMatchObject([{ kind: 'pinned', reason: 'REPLICATION_STREAM', user }]);

      // its acknowledgements reach the server
      await server.sql(`SET GLOBAL rpl_semi_sync_${kind === 'mysql' ? 'source' : 'master'}_enabled = 1`);
      const acknowledged = async (): Promise<number> => {
        const [row] = await server.sql(`SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%_yes_tx'`);
        return Number(row?.['Value']);
      };
      await until('the replica acknowledges', async () => {
        await server.sql(`INSERT INTO shop.t (v) VALUES ('acknowledged')`);
        return (await acknowledged()) > 0 ? true : null;
      });
      // a large event, in several packets
      await server.sql('CREATE TABLE shop.large (b LONGBLOB)');
      await server.sql('SET GLOBAL max_allowed_packet = 67108864');
      await replica.sql(`SET GLOBAL ${kind === 'mariadb' ? 'slave' : 'replica'}_max_allowed_packet = 1073741824`);
      await server.sql('INSERT INTO shop.large SELECT REPEAT(0x78, 1000000)');
      await caughtUp(server, [replica]);
      await replica.sql(kind === 'mariadb' ? 'STOP SLAVE' : 'STOP REPLICA');
      await until('the stream ends', async () => ((await plane.sessions()).length === 0 ? true : null));
      await replica.stop();
    });
  });

  test('the status of a transaction is told with an EOF too', async () => {
    const client = await RawClient.connect({ port: plane.port, database: 'shop', without: DEPRECATE_EOF });
    await client.query('BEGIN');
    await client.query('SELECT COUNT(*) FROM t');
    client.send(Command.SET_OPTION, Buffer.of(0, 0));
    const eof = await client.packet(1);
    expect(eof).toHaveLength(5);
    expect(eof.readUInt16LE(3) & ServerStatus.IN_TRANS).not.toBe(0);
  });
});
