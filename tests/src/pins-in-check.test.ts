import type { CheckReport } from '@myswitch/orchestrator';
import { ColumnType, Command } from '@myswitch/protocol';
import { Pin } from '@myswitch/proxy';
import {
  type Cluster,
  type Kind,
  type MySwitch,
  createCluster,
  poolConfig,
  startMySwitch,
  until,
} from '@myswitch/testkit';
import { type Connection, type RowDataPacket, createConnection } from 'mysql2/promise';
import { describeKinds } from './support/kinds';
import { RawClient } from './support/raw-client';

const ACCOUNT = { user: 'pinner', password: 'pinner-secret' };
const REPLICA_ID = 77;
/** A session is settled right after its reply, which is what its client sees first. */
const SETTLED_WITHIN_MS = 3000;

/** A statement, or what one of the commands does. */
type Action = string | ((client: RawClient) => Promise<void>);

interface Case {
  readonly pin: Pin;
  /** Default: both. */
  readonly kind?: Kind;
  readonly makes: readonly Action[];
  /** Null: nothing but a reset of the connection. */
  readonly ends: readonly Action[] | null;
}

const idBytes = (id: number, more = 0): Buffer => {
  const bytes = Buffer.alloc(4 + more);
  bytes.writeUInt32LE(id, 0);
  return bytes;
};

const longData: Action = async (client) => {
  const { id } = await client.prepare('SELECT LENGTH(?)');
  client.send(Command.STMT_SEND_LONG_DATA, Buffer.concat([idBytes(id), Buffer.of(0, 0), Buffer.from('piece')]));
};
const runLongData: Action = async (client) => {
  const { error } = await client.execute(1, [ColumnType.LONG_BLOB], Buffer.alloc(0), 1);
  expect(error).toBeNull();
};
const openCursor: Action = async (client) => {
  const { id } = await client.prepare('SELECT id FROM t ORDER BY id');
  expect((await client.execute(id, [], Buffer.alloc(0), 0, 1)).error).toBeNull();
};
const resetStatement: Action = async (client) => {
  client.send(Command.STMT_RESET, idBytes(1));
  expect((await client.single()).error).toBeNull();
};
const closeStatement: Action = (client) => {
  client.send(Command.STMT_CLOSE, idBytes(1));
  return Promise.resolve();
};
const fetchAll: Action = async (client) => {
  const argument = idBytes(1, 4);
  argument.writeUInt32LE(1000, 4);
  client.send(Command.STMT_FETCH, argument);
  expect((await client.fetched()).error).toBeNull();
};
/** COM_REGISTER_SLAVE: id, empty host, user and password, port, rank, the source's id. */
const registerReplica: Action = async (client) => {
  client.send(Command.REGISTER_SLAVE, idBytes(REPLICA_ID, 3 + 2 + 4 + 4));
  expect((await client.single()).error).toBeNull();
};
/** COM_BINLOG_DUMP: position, flags, id; a file without a name is the first one. The server sends events and waits for more. */
const dumpBinlog: Action = (client) => {
  const argument = Buffer.alloc(10);
  argument.writeUInt32LE(4, 0);
  argument.writeUInt32LE(REPLICA_ID, 6);
  client.send(Command.BINLOG_DUMP, argument);
  return Promise.resolve();
};
const disconnect: Action = (client) => {
  client.close();
  return Promise.resolve();
};

const CASES: readonly Case[] = [
  {
    pin: Pin.TEMPORARY_TABLE,
    makes: ['CREATE TEMPORARY TABLE a (id INT)'],
    ends: ['DROP TEMPORARY TABLE a'],
  },
  {
    pin: Pin.TEMPORARY_TABLE,
    makes: ['CREATE TEMPORARY TABLE a AS SELECT * FROM t', 'CREATE TEMPORARY TABLE b LIKE t', 'DROP TABLE a'],
    ends: ['DROP TABLE IF EXISTS nowhere, b'],
  },
  { pin: Pin.GET_LOCK, makes: ["SELECT GET_LOCK('one', 1)"], ends: ["SELECT RELEASE_LOCK('one')"] },
  {
    pin: Pin.GET_LOCK,
    makes: ["DO GET_LOCK('one', 1), GET_LOCK('two', 1)", "DO RELEASE_LOCK('one')"],
    ends: ['SELECT RELEASE_ALL_LOCKS()'],
  },
  { pin: Pin.LOCK_TABLES, makes: ['LOCK TABLES t READ'], ends: ['UNLOCK TABLES'] },
  { pin: Pin.LOCK_TABLES, makes: ['LOCK TABLES t WRITE, u READ'], ends: ['BEGIN', 'ROLLBACK'] },
  { pin: Pin.READ_LOCK, makes: ['FLUSH TABLES WITH READ LOCK'], ends: ['UNLOCK TABLES'] },
  { pin: Pin.READ_LOCK, makes: ['FLUSH TABLES t, u WITH READ LOCK'], ends: ['UNLOCK TABLES'] },
  { pin: Pin.READ_LOCK, makes: ['FLUSH TABLES t FOR EXPORT'], ends: ['UNLOCK TABLES'] },
  { pin: Pin.INSTANCE_LOCK, kind: 'mysql', makes: ['LOCK INSTANCE FOR BACKUP'], ends: ['UNLOCK INSTANCE'] },
  { pin: Pin.INSTANCE_LOCK, kind: 'mariadb', makes: ['BACKUP LOCK t'], ends: ['BACKUP UNLOCK'] },
  {
    pin: Pin.INSTANCE_LOCK,
    kind: 'mariadb',
    makes: ['BACKUP STAGE START', 'BACKUP STAGE FLUSH'],
    ends: ['BACKUP STAGE END'],
  },
  { pin: Pin.USER_VARIABLE, makes: ['SET @ä = 1'], ends: null },
  { pin: Pin.USER_VARIABLE, makes: ["SELECT REPEAT('x', 100000) INTO @long"], ends: null },
  {
    pin: Pin.SQL_PREPARE,
    makes: [`SET @text = 'SELECT "ä"'`, 'PREPARE s FROM @text'],
    ends: ['DEALLOCATE PREPARE s'],
  },
  {
    pin: Pin.SQL_PREPARE,
    makes: ['CREATE TEMPORARY TABLE a (id INT)', "PREPARE s FROM 'SELECT * FROM a'", 'DROP TEMPORARY TABLE a'],
    ends: ['DROP PREPARE s'],
  },
  { pin: Pin.HANDLER, makes: ['HANDLER t OPEN', 'HANDLER t READ FIRST'], ends: ['HANDLER t CLOSE'] },
  {
    pin: Pin.HANDLER,
    makes: ['HANDLER t OPEN AS one', 'HANDLER u OPEN', 'HANDLER u CLOSE'],
    ends: ['HANDLER one CLOSE'],
  },
  { pin: Pin.XA, makes: ["XA START 'one'"], ends: ["XA END 'one'", "XA ROLLBACK 'one'"] },
  {
    pin: Pin.XA,
    makes: ["XA START 'one'", 'INSERT INTO t VALUES (100)', "XA END 'one'"],
    ends: ["XA PREPARE 'one'", "XA COMMIT 'one'", 'DELETE FROM t WHERE id = 100'],
  },
  { pin: Pin.SAVEPOINT, makes: ['SET autocommit = 0', 'SAVEPOINT a'], ends: ['COMMIT'] },
  { pin: Pin.SAVEPOINT, makes: ['SET autocommit = 0', 'SAVEPOINT a'], ends: ['ROLLBACK'] },
  {
    pin: Pin.TRANSACTION_CHARACTERISTICS,
    makes: ['SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'SELECT 1'],
    ends: ['BEGIN', 'COMMIT'],
  },
  // MariaDB sets one role, whose name is short.
  { pin: Pin.ROLE, kind: 'mysql', makes: [`SET ROLE reader, /* ${'long '.repeat(1000)} */ writer`], ends: null },
  { pin: Pin.ONE_SHOT, makes: ['SET insert_id = 7000'], ends: ["INSERT INTO numbered (v) VALUES ('used')"] },
  { pin: Pin.ONE_SHOT, makes: ['SET timestamp = 1 + 1'], ends: ['SET timestamp = DEFAULT'] },
  { pin: Pin.ONE_SHOT, makes: ['SET rand_seed1 = 1, rand_seed2 = 2'], ends: null },
  {
    pin: Pin.ONE_SHOT,
    kind: 'mysql',
    makes: ["SET gtid_next = '3e11fa47-71ca-11e1-9e33-c80aa9429562:1'"],
    ends: ['ROLLBACK', 'SET gtid_next = AUTOMATIC'],
  },
  { pin: Pin.ONE_SHOT, kind: 'mariadb', makes: ['SET gtid_seq_no = 1000'], ends: ['SET gtid_seq_no = 0'] },
  { pin: Pin.SEQUENCE, kind: 'mariadb', makes: ['SELECT NEXT VALUE FOR counted'], ends: null },
  { pin: Pin.LONG_DATA, makes: [longData], ends: [runLongData] },
  { pin: Pin.LONG_DATA, makes: [longData], ends: [resetStatement] },
  { pin: Pin.LONG_DATA, makes: [longData], ends: [closeStatement] },
  { pin: Pin.CURSOR, makes: [openCursor], ends: [fetchAll] },
  { pin: Pin.CURSOR, makes: [openCursor], ends: [resetStatement] },
  { pin: Pin.CURSOR, makes: [openCursor], ends: [closeStatement] },
  { pin: Pin.REPLICATION_STREAM, makes: [registerReplica], ends: [disconnect] },
  { pin: Pin.UNKNOWN_STATE, makes: ['CALL leaves()'], ends: null },
  { pin: Pin.UNKNOWN_STATE, makes: ['SELECT leaves_inside()'], ends: null },
  { pin: Pin.UNKNOWN_STATE, makes: ['SET NAMES gbk', 'SELECT 1'], ends: null },
];

const SET_UP_OF: Record<Kind, readonly string[]> = {
  mariadb: ['CREATE SEQUENCE shop.counted'],
  mysql: ['CREATE ROLE reader, writer', `GRANT reader, writer TO '${ACCOUNT.user}'@'%'`],
};

/** On the primary: its replica gets it by replication. */
const SET_UP: readonly string[] = [
  `CREATE USER '${ACCOUNT.user}'@'%' IDENTIFIED BY '${ACCOUNT.password}'`,
  `GRANT ALL ON *.* TO '${ACCOUNT.user}'@'%'`,
  'CREATE TABLE shop.t (id INT PRIMARY KEY)',
  'INSERT INTO shop.t VALUES (1), (2), (3)',
  'CREATE TABLE shop.u (id INT PRIMARY KEY)',
  'CREATE TABLE shop.numbered (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20))',
  'CREATE PROCEDURE shop.leaves() CREATE TEMPORARY TABLE hidden (id INT)',
  'CREATE FUNCTION shop.leaves_inside() RETURNS INT DETERMINISTIC BEGIN SET @inside = 1; RETURN 2; END',
];

describeKinds('each pin is named by check as long as its cause lasts', (kind) => {
  let cluster: Cluster;
  let mySwitch: MySwitch;
  let admin: Connection;
  let port: number;
  const cases = CASES.filter((one) => (one.kind ?? kind) === kind);

  beforeAll(async () => {
    cluster = await createCluster({ kind, replicas: 1 });
    const [primary] = cluster.nodes;
    for (const sql of [...SET_UP, ...SET_UP_OF[kind]]) await primary!.sql(sql);
    const users = [{ name: ACCOUNT.user, password: ACCOUNT.password }];
    const { config, ports } = await poolConfig(cluster, { users });
    mySwitch = await startMySwitch({ config });
    port = ports.pool;
    admin = await createConnection({
      host: '127.0.0.1',
      port: ports.admin,
      user: 'admin',
      password: 'admin-secret',
    });
  }, 60_000);
  afterEach(async () => {
    RawClient.closeAll();
    await named([]);
  });
  afterAll(async () => {
    admin.destroy();
    await mySwitch.stop();
    for (const server of cluster.nodes) await server.remove();
  });

  async function check(): Promise<CheckReport> {
    const [rows] = await admin.query<RowDataPacket[]>('CHECK SWITCH POOL shop TO db2');
    return JSON.parse(String(rows.at(-1)?.['message'])) as CheckReport;
  }

  /** Waits until the report names just these, and the guardrail too. */
  async function named(expected: readonly object[]): Promise<CheckReport> {
    let report: CheckReport | null = null;
    const matches = async (): Promise<CheckReport | null> => {
      report = await check();
      return report.blocking.length === expected.length ? report : null;
    };
    const found = await until('check names them', matches, SETTLED_WITHIN_MS).catch(() => report!);
    expect(found.blocking).toMatchObject(expected);
    return found;
  }

  const connect = (): Promise<RawClient> => RawClient.connect({ port, ...ACCOUNT, database: 'shop' });

  async function act(client: RawClient, actions: readonly Action[]): Promise<void> {
    for (const action of actions) {
      if (typeof action !== 'string') await action(client);
      else expect({ action, error: (await client.query(action)).error }).toEqual({ action, error: null });
    }
  }

  /** Its session is in the report with that reason alone, and in the guardrail's message. */
  async function pinned(client: RawClient, pin: Pin): Promise<void> {
    const address = `127.0.0.1:${client.socket.localPort}`;
    const { blocking, guardrails, answer } = await named([
      { kind: 'pinned', user: ACCOUNT.user, client: address, reason: expect.stringContaining(pin) },
    ]);
    expect(blocking[0]?.reason.split(',')).toEqual([pin]);
    expect(answer).toBe('refuse');
    const { ok, message } = guardrails.find(({ code }) => code === 'PINNED')!;
    expect({ ok, message }).toEqual({
      ok: false,
      message: expect.stringContaining(`session ${blocking[0]?.session} of ${ACCOUNT.user} (${pin})`),
    });
  }

  async function free(): Promise<void> {
    const { guardrails } = await named([]);
    expect(guardrails.find(({ code }) => code === 'PINNED')).toMatchObject({ ok: true });
  }

  test('the table has every pin', () => {
    const other = kind === 'mysql' ? [Pin.SEQUENCE] : [Pin.ROLE];
    expect(new Set(cases.map(({ pin }) => pin))).toEqual(
      new Set(Object.values(Pin).filter((pin) => !(other as Pin[]).includes(pin))),
    );
  });

  const title = (action: Action): string => (typeof action === 'string' ? action.slice(0, 60) : 'a command');

  for (const { pin, makes, ends } of cases) {
    test(`${pin}: ${makes.map(title).join('; ')} / ${ends === null ? 'reset' : ends.map(title).join('; ')}`, async () => {
      let client = await connect();
      if (ends !== null) {
        await act(client, makes);
        await pinned(client, pin);
        await act(client, ends);
        await free();
        client.close();
        client = await connect();
      }
      await act(client, makes);
      await pinned(client, pin);
      client.send(Command.RESET_CONNECTION);
      expect((await client.single()).error).toBeNull();
      await free();
      expect(await client.values('SELECT DATABASE()')).toEqual(['shop']);
    });
  }

  test('REPLICATION_STREAM: a running one, until its client leaves', async () => {
    const client = await connect();
    await act(client, [
      'SET @mariadb_slave_capability = 4',
      'SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = @@global.binlog_checksum',
      dumpBinlog,
    ]);
    await pinned(client, Pin.REPLICATION_STREAM);
    client.close();
    await free();
  });

  test.each([
    ['warnings', "SELECT CAST('12x' AS SIGNED)"],
    ['FOUND_ROWS', 'SELECT SQL_CALC_FOUND_ROWS id FROM t LIMIT 1'],
    ['a statement prepared by SQL', "PREPARE s FROM 'SELECT 1'"],
    ['a transaction in which nothing was done', 'BEGIN'],
  ])('%s: pins nobody', async (_, sql) => {
    await act(await connect(), [sql]);
    await free();
  });
});
