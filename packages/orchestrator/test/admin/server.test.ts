import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Connection as CallbackConnection } from 'mysql2';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { AdminServer } from '../../src/admin';
import { FakeControlPlane, fakePlane, POOL, portOf, RECORD, REFUSED_REJOIN } from './fakes';

const silent = () => undefined;
const LIMITS = { loginMs: 300, connections: 5, payloadBytes: 1_048_576 };

let control: FakeControlPlane;
let server: AdminServer;
let port: number;
const open: Connection[] = [];

beforeEach(async () => {
  control = new FakeControlPlane();
  server = new AdminServer({
    user: 'admin',
    password: 'hush',
    control,
    plane: fakePlane,
    pools: ['shop', 'broken'],
    variables: new Map([['shop.hold.max', '10s']]),
    log: silent,
    limits: LIMITS,
  });
  port = portOf(await server.listen({ host: '127.0.0.1', port: 0 }));
});

afterEach(async () => {
  for (const connection of open.splice(0)) connection.destroy();
  await server.close();
});

async function client(options: object = {}): Promise<Connection> {
  const connection = await createConnection({ host: '127.0.0.1', port, user: 'admin', password: 'hush', ...options });
  connection.on('error', () => undefined);
  open.push(connection);
  return connection;
}

async function query(connection: Connection, sql: string): Promise<RowDataPacket[]> {
  const [rows] = await connection.query<RowDataPacket[]>(sql);
  return rows;
}

/** What a raw client gets until the server hangs up. */
async function exchange(bytes: Uint8Array | null): Promise<Buffer> {
  const socket: Socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  if (bytes !== null) socket.write(bytes);
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

describe('login', () => {
  test('with the password, by either plugin', async () => {
    await query(await client(), 'SELECT 1');
    const native = await client({
      authPlugins: {},
      authSwitchHandler: undefined,
    });
    await query(native, 'SELECT 1');
  });

  test.each([
    [{ password: 'wrong' }, "Access denied for user 'admin'@'127.0.0.1' (using password: YES)"],
    [{ password: '' }, "Access denied for user 'admin'@'127.0.0.1' (using password: NO)"],
    [{ user: 'root' }, "Access denied for user 'root'@'127.0.0.1' (using password: YES)"],
  ])('%j is refused', async (options, message) => {
    await expect(client(options)).rejects.toMatchObject({ errno: 1045, sqlState: '28000', message });
  });

  test('an unknown schema is refused, the one there is not', async () => {
    await expect(client({ database: 'shop' })).rejects.toMatchObject({ errno: 1049, sqlState: '42000' });
    expect(await query(await client({ database: 'myswitch' }), 'SELECT DATABASE() AS d')).toEqual([{ d: 'myswitch' }]);
  });

  test('one client too many gets 1040', async () => {
    for (let i = 0; i < LIMITS.connections; i += 1) await client();
    await expect(client()).rejects.toMatchObject({ errno: 1040 });
  });
});

describe('what stock clients ask', () => {
  test.each([
    ['select @@version_comment limit 1', [{ '@@version_comment': 'MySwitch admin port' }]],
    ['SELECT 1', [{ 1: '1' }]],
    ['SELECT DATABASE()', [{ 'DATABASE()': null }]],
    ['SHOW WARNINGS', []],
    ['SHOW DATABASES', [{ Database: 'myswitch' }]],
    ["SHOW VARIABLES LIKE 'shop.%'", [{ Variable_name: 'shop.hold.max', Value: '10s' }]],
  ])('%s', async (sql, rows) => {
    expect(await query(await client(), sql)).toEqual(rows);
  });

  test('SET, transactions, ping and a change of schema', async () => {
    const connection = await client();
    await connection.query('SET NAMES utf8mb4');
    await connection.query('SET autocommit=1');
    await connection.beginTransaction();
    await connection.commit();
    await connection.ping();
    await connection.query('USE myswitch');
    expect(await query(connection, 'SELECT DATABASE() AS d')).toEqual([{ d: 'myswitch' }]);
  });
});

describe('errors', () => {
  test.each([
    ['DELETE FROM t', 1064, '42000'],
    ['SELECT @@nonsense', 1193, 'HY000'],
    ['SELECT sleep()', 1305, '42000'],
    ['USE shop', 1049, '42000'],
    ['KILL QUERY 4711', 1094, 'HY000'],
    ['SWITCH POOL nope', 1105, 'HY000'],
    ["SHOW SWITCH 'nope'", 1105, 'HY000'],
    ['SWITCH POOL broken', 1105, 'HY000'],
  ])('%s', async (sql, errno, sqlState) => {
    const connection = await client();
    await expect(connection.query(sql)).rejects.toMatchObject({ errno, sqlState });
    await query(connection, 'SELECT 1');
  });

  test('a prepared statement is refused, the connection stays', async () => {
    const connection = await client();
    await expect(connection.execute('SHOW POOLS')).rejects.toMatchObject({ errno: 1295 });
    await query(connection, 'SELECT 1');
  });

  test('an unknown pool is told with the known ones', async () => {
    await expect((await client()).query('CHECK SWITCH POOL nope')).rejects.toMatchObject({
      message: 'UNKNOWN_POOL: there is no pool "nope"; the pools are shop, broken',
    });
  });
});

describe('SHOW', () => {
  test('POOLS and NODES', async () => {
    const connection = await client();
    expect(await query(connection, 'SHOW POOLS')).toEqual([
      {
        name: 'shop',
        epoch: 3,
        active: 'db1',
        gate: 'OPEN',
        status: 'OK',
        clients: 32,
        held: 0,
        frozen: null,
        paused_until: null,
      },
    ]);
    const [node] = POOL.nodes;
    expect(await query(connection, 'SHOW NODES')).toEqual([
      {
        pool: 'shop',
        name: 'db1',
        address: node?.address,
        type: 'PRIMARY',
        state: 'ACTIVE',
        status: 'OK',
        role: 'primary',
        read_only: 0,
        lag_seconds: null,
        gtid: node?.gtid,
        errors: 0,
        last_poll: node?.lastPoll,
        message: null,
        clients: 4,
        idle_backends: 2,
        up: 'rw',
        weight: 100,
        set: null,
        heartbeat_lag_seconds: null,
        late_polls: 0,
        uptime_seconds: 60,
        restarted: null,
      },
    ]);
  });

  test('SESSIONS, PINS, QUEUES and BACKENDS of every pool', async () => {
    const connection = await client();
    expect((await query(connection, 'SHOW SESSIONS'))[0]).toMatchObject({
      pool: 'shop',
      session: 7,
      pins: 'GET_LOCK,TEMPORARY_TABLE',
      age_ms: 1.5,
    });
    expect((await query(connection, 'SHOW PINS')).map(({ pool, pin, kind }) => [pool, pin, kind])).toEqual([
      ['shop', 'GET_LOCK', 'pin'],
      ['shop', 'TEMPORARY_TABLE', 'pin'],
      ['shop', 'FOUND_ROWS', 'weak pin'],
      ['broken', 'GET_LOCK', 'pin'],
      ['broken', 'TEMPORARY_TABLE', 'pin'],
      ['broken', 'FOUND_ROWS', 'weak pin'],
    ]);
    expect((await query(connection, 'SHOW QUEUES'))[0]).toMatchObject({ pool: 'shop', gate: 'OPEN', work_p95_ms: 2.5 });
    expect((await query(connection, 'SHOW BACKENDS'))[0]).toMatchObject({
      node: 'db1',
      connection_id: 99,
      session: null,
    });
  });

  test('SWITCHES and SWITCH', async () => {
    const connection = await client();
    expect((await query(connection, 'SHOW SWITCHES POOL shop'))[0]).toMatchObject({ id: RECORD.id, hold_ms: 12.5 });
    expect((await query(connection, 'SHOW SWITCHES'))[2]).toMatchObject({
      id: REFUSED_REJOIN.id,
      kind: 'rejoin',
      from: 'db1',
      to: 'db2',
      result: 'refused',
      hold_ms: null,
      reasons: 'ERRANT',
    });
    const rejoin = await query(connection, `SHOW SWITCH '${REFUSED_REJOIN.id}'`);
    expect(rejoin).toContainEqual({ item: 'lost', value: 'uuid:11' });
    expect(JSON.parse(rejoin.at(-1)?.['value'])).toEqual(REFUSED_REJOIN);
    const rows = await query(connection, `SHOW SWITCH '${RECORD.id}'`);
    expect(rows).toContainEqual({ item: 'step lock', value: '0.5 ms' });
    expect(JSON.parse(rows.at(-1)?.['value'])).toEqual(RECORD);
  });
});

describe('CHECK SWITCH', () => {
  test('a row for each guardrail, then the answer', async () => {
    const rows = await query(await client(), "CHECK SWITCH POOL shop TO db2 WITH MAX_LAG '2s'");
    expect(rows.slice(0, 2)).toEqual([
      { code: 'LAG', ok: 0, message: 'db2 lags by 5 s' },
      { code: 'BINLOG', ok: 1, message: 'db2 writes a binary log' },
    ]);
    expect(rows[2]).toMatchObject({ code: 'answer', ok: 0 });
    expect(JSON.parse(rows[2]?.['message'])).toMatchObject({ pool: 'shop', answer: 'refuse' });
    expect(control.asked).toEqual([{ check: 'shop', to: 'db2', maxLagMs: 2_000, by: 'admin@127.0.0.1' }]);
  });
});

test('CHECK FAILOVER: a row for each step that decides, then the answer', async () => {
  const rows = await query(await client(), 'CHECK FAILOVER POOL shop TO db2 WITH FORCE');
  expect(rows[0]).toEqual({ code: 'ALIVE', ok: 0, message: 'db1 answers: move the pool with a switch' });
  expect(rows[1]).toMatchObject({ code: 'answer', ok: 0 });
  expect(JSON.parse(rows[1]?.['message'])).toMatchObject({ from: 'db1', answer: 'refuse' });
  expect(control.asked).toEqual([{ checkFailover: 'shop', to: 'db2', force: true, by: 'admin@127.0.0.1' }]);
});

describe('SWITCH', () => {
  test('its rows, the last one with the record', async () => {
    const rows = await query(await client(), 'SWITCH POOL shop TO db2 WITH FORCE');
    expect(rows.slice(0, 2)).toEqual([
      { step: 'lock', state: 'start', ms: null, detail: '' },
      { step: 'lock', state: 'ok', ms: 0.5, detail: '' },
    ]);
    expect(rows[2]).toMatchObject({ step: 'result', state: 'switched', ms: 12.5 });
    expect(JSON.parse(rows[2]?.['detail'])).toEqual(RECORD);
  });

  test('rows arrive while it runs', async () => {
    control.stuck = true;
    const connection = await client();
    // the promise wrapper keeps the connection whose queries can be streamed
    const inner = (connection as unknown as { connection: CallbackConnection }).connection;
    const rows = inner.query('SWITCH POOL shop').stream();
    const [first] = await once(rows, 'data');
    expect(first).toMatchObject({ step: 'lock', state: 'start' });
    rows.on('data', () => undefined);
    const other = await client();
    await other.query(`KILL QUERY ${connection.threadId}`);
    await once(rows, 'end');
  });

  test('KILL QUERY from another connection rolls it back; its client gets the result', async () => {
    control.stuck = true;
    const connection = await client();
    const other = await client();
    const started = new Promise<void>((resolve) => {
      control.started = resolve;
    });
    const running = query(connection, 'SWITCH POOL shop');
    await started;
    await other.query(`KILL QUERY ${connection.threadId}`);
    const record = JSON.parse((await running).at(-1)?.['detail']);
    expect(record.result).toBe('rolled-back');
    expect(record.reasons[0].message).toMatch(/killed by admin@127\.0\.0\.1/);
    await query(connection, 'SELECT 1');
  });

  test('a client that goes away aborts it', async () => {
    control.stuck = true;
    const ended = new Promise<string>((resolve) => {
      const original = control.switch.bind(control);
      control.switch = async (...args) => {
        const record = await original(...args);
        resolve(record.result);
        return record;
      };
    });
    const connection = await client();
    control.started = () => connection.destroy();
    query(connection, 'SWITCH POOL shop').catch(() => undefined);
    expect(await ended).toBe('rolled-back');
  });

  test('closing the port aborts it and still delivers the result', async () => {
    control.stuck = true;
    const connection = await client();
    control.started = () => void server.close();
    const rows = await query(connection, 'SWITCH POOL shop');
    expect(rows.at(-1)).toMatchObject({ step: 'result', state: 'rolled-back' });
  });
});

describe('strangers', () => {
  test('silence ends by the login deadline', async () => {
    expect((await exchange(null)).toString('latin1')).toContain('Got timeout reading communication packets');
  });

  test.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a wrong sequence id', Buffer.from([1, 0, 0, 9, 1])],
    ['an oversized packet', Buffer.from([0xff, 0xff, 0xff, 1])],
    ['a truncated response', Buffer.from([4, 0, 0, 1, 0x00, 0x02, 0, 0])],
    ['a request for TLS', Buffer.concat([Buffer.from([32, 0, 0, 1]), Buffer.from([0, 0x0a, 0, 0]), Buffer.alloc(28)])],
  ])('%s ends that connection with an error', async (_what, bytes) => {
    const reply = await exchange(bytes);
    // greeting first, then an ERR
    expect(reply[4]).toBe(10);
    expect(reply[4 + reply.readUIntLE(0, 3) + 4]).toBe(0xff);
    await query(await client(), 'SELECT 1');
  });

  test('a statement above the limit is refused', async () => {
    const connection = await client();
    const sql = `SELECT '${'x'.repeat(LIMITS.payloadBytes)}'`;
    await expect(connection.query(sql)).rejects.toMatchObject({ errno: 1153 });
    await query(await client(), 'SELECT 1');
  });
});
