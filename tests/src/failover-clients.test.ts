import { readdirSync, readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { Command } from '@myswitch/protocol';
import { type Kind, type TestServer, caughtUp, createCluster, until } from '@myswitch/testkit';
import type { Connection, QueryOptions, RowDataPacket } from 'mysql2/promise';
import { describeKinds } from './support/kinds';
import { POOL, type TestPlane, startPlane } from './support/plane';
import { RawClient, type Reply } from './support/raw-client';

const WHO = 'SELECT @@server_id AS id';
const INTERRUPTED = '1213/40001';
const UNKNOWN = '1105/08007';
const TOLD = '1105/HY000';
/** Frameworks run a statement again when they read one of these. */
const RETRIED = /lost connection|gone away|error while sending|broken pipe|reset by peer|no connection to the server/i;

interface Failure {
  readonly errno: number;
  readonly sqlState: string;
  readonly message: string;
}

/** What came of a command: a text of the rows, or errno/SQLSTATE. */
async function outcome(answer: Promise<unknown>): Promise<string> {
  try {
    const reply = (await answer) as readonly unknown[] | Reply | undefined;
    if (Array.isArray(reply)) return Array.isArray(reply[0]) ? JSON.stringify(reply[0]) : 'OK';
    const error = (reply as Reply | undefined)?.error ?? null;
    return error === null ? 'OK' : `${error.code}/${error.sqlState}`;
  } catch (error) {
    const { errno, sqlState, message } = error as Failure;
    expect(message).not.toMatch(RETRIED);
    return `${errno}/${sqlState}`;
  }
}

/** SIGSTOP, and until each of its threads has stopped: until then it answers. */
async function stop(server: TestServer): Promise<void> {
  server.pause();
  const tasks = `/proc/${server.pid}/task`;
  const isStopped = (task: string): boolean => /\) T /.test(readFileSync(`${tasks}/${task}/stat`, 'latin1'));
  await until('it stops', async () => (readdirSync(tasks).every(isStopped) ? true : null));
}

/** The replica becomes the primary: by SQL, since nobody orchestrates here. */
async function open(kind: Kind, server: TestServer): Promise<void> {
  await server.sql(kind === 'mysql' ? 'STOP REPLICA' : 'STOP SLAVE');
  await server.sql('SET GLOBAL read_only = 0');
}

describeKinds('what clients see of a failover', (kind) => {
  let db1: TestServer;
  let db2: TestServer;
  let plane: TestPlane;

  beforeEach(async () => {
    const cluster = await createCluster({ kind, replicas: 1, extra: ['local_infile=ON'] });
    [db1, db2] = cluster.nodes as [TestServer, TestServer];
    await db1.sql('CREATE TABLE shop.t (who VARCHAR(40), n INT)');
    await db1.sql(`INSERT INTO shop.t VALUES ('old', 1)`);
    await db1.sql(`CREATE PROCEDURE shop.adds() INSERT INTO t VALUES ('call', 1)`);
    await caughtUp(db1, [db2]);
    plane = await startPlane({ nodes: [db1, db2], backend: { min: 1, max: 80 } });
  });
  afterEach(async () => {
    RawClient.closeAll();
    await plane.disconnectAll();
    await plane.checkInvariants();
    await plane.stop();
    if (db1.pid !== null) await db1.kill();
    await db2.kill();
  });

  const times = async (who: string): Promise<number> => {
    const [row] = await db2.sql('SELECT COUNT(*) AS n FROM shop.t WHERE who = ?', [who]);
    return Number(row?.['n']);
  };
  const inState = (state: string, count: number): Promise<true> =>
    until(`${count} are ${state}`, async () => {
      const rows = await plane.sessions();
      return rows.filter((row) => row.state === state).length === count ? true : null;
    });
  const connect = (options = {}): Promise<Connection> => plane.connect({ database: 'shop', ...options });
  const raw = (): Promise<RawClient> => RawClient.connect({ port: plane.port, database: 'shop' });

  async function failOver(): Promise<number> {
    await plane.hold();
    const cut = await plane.plane.cut(POOL, 'db1');
    expect(await plane.drained(2000)).toEqual({ drained: true });
    expect((await plane.plane.stats(POOL)).gate).toBe('HELD');
    await open(kind, db2);
    await plane.release('db2');
    return cut;
  }

  /** A server that has stopped lets nobody in: there have to be enough of each client's kind before. */
  async function openBackends(): Promise<void> {
    const clients = [
      ...(await Promise.all(Array.from({ length: 45 }, () => connect()))),
      ...(await Promise.all(Array.from({ length: 8 }, () => raw()))),
    ];
    await Promise.all(clients.map((client) => client.query('SELECT SLEEP(0.5)')));
    RawClient.closeAll();
    await plane.disconnectAll();
  }

  /** Every situation at once: the primary stops, commands are sent that it never answers, and then `end` decides. */
  async function everySituation(end: () => Promise<void>): Promise<void> {
    await openBackends();
    const all: { name: string; client: Connection; id: unknown }[] = [];
    const client = async (name: string, setUp: readonly string[], options = {}): Promise<Connection> => {
      const one = await connect(options);
      const [[row]] = await one.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id');
      await one.query(`SET @mine = '${name}'`);
      for (const sql of setUp) await one.query(sql);
      all.push({ name, client: one, id: row!['id'] });
      return one;
    };
    const TX = ['BEGIN', `INSERT INTO t VALUES ('tx', 1)`];
    const flights: Record<string, Promise<string>> = {};
    const expected: Record<string, string> = {};
    const steps: (() => void)[] = [];
    /** Sent once the server has stopped. */
    const inFlight = (name: string, send: () => Promise<unknown>, answer: string): void => {
      expected[name] = answer;
      steps.push(() => void (flights[name] = outcome(send())));
    };
    const sent = async (name: string, setUp: string[], sql: string, answer: string, options = {}): Promise<void> => {
      const one = await client(name, setUp, options);
      inFlight(name, () => one.query(sql), answer);
    };

    await sent('read', [], WHO, '[{"id":2}]');
    await sent('read in a transaction just begun', ['BEGIN'], WHO, '[{"id":2}]');
    await sent('set', [], `SET time_zone = '+03:00'`, 'OK');
    await sent('begin', [], 'BEGIN', 'OK');
    await sent('commit of nothing', [], 'COMMIT', 'OK');
    await sent('locking read', [], 'SELECT * FROM t FOR UPDATE', TOLD);
    await sent('get lock', [], `SELECT GET_LOCK('a', 1)`, TOLD);
    await sent('write', [], `INSERT INTO t VALUES ('write', 1)`, UNKNOWN);
    await sent('ddl', [], 'CREATE TABLE made (id INT)', UNKNOWN);
    await sent('call', [], 'CALL adds()', UNKNOWN);
    await sent('multi', [], `SELECT 1; INSERT INTO t VALUES ('multi', 1)`, UNKNOWN, { multipleStatements: true });
    await sent('commit', TX, 'COMMIT', UNKNOWN);
    await sent('write in a transaction', TX, `INSERT INTO t VALUES ('tx', 2)`, INTERRUPTED);
    await sent('first write in one', ['BEGIN'], `INSERT INTO t VALUES ('tx', 2)`, INTERRUPTED);
    await sent('autocommit off', ['SET autocommit = 0'], `INSERT INTO t VALUES ('tx', 2)`, INTERRUPTED);
    await sent('read in a transaction', TX, WHO, INTERRUPTED);
    await sent('rollback', TX, 'ROLLBACK', 'OK');
    await sent('read of a pinned one', ['CREATE TEMPORARY TABLE mine (id INT)'], WHO, TOLD);
    await sent(
      'xa prepare',
      [`XA START 'x'`, `INSERT INTO t VALUES ('xa', 1)`, `XA END 'x'`],
      `XA PREPARE 'x'`,
      UNKNOWN,
    );

    const prepared = await client('prepared', []);
    const [reads, writes] = [
      await prepared.prepare(WHO),
      await prepared.prepare(`INSERT INTO t VALUES ('prepared', ?)`),
    ];
    inFlight('prepared', () => reads.execute([]), '[{"id":2}]');
    const writer = await client('prepared write', []);
    const insert = await writer.prepare(`INSERT INTO t VALUES ('prepared', ?)`);
    await insert.execute([1]);
    inFlight('prepared write', () => insert.execute([2]), UNKNOWN);
    const preparing = await raw();
    inFlight('prepare', () => preparing.prepare(`INSERT INTO t VALUES ('raw', ?)`), 'OK');
    const entering = await raw();
    inFlight('init db', () => (entering.send(Command.INIT_DB, 'shop'), entering.single()), 'OK');
    const resetting = await raw();
    await resetting.query('CREATE TEMPORARY TABLE mine (id INT)');
    inFlight('reset', () => (resetting.send(Command.RESET_CONNECTION), resetting.single()), 'OK');

    const idle = await client('idle', []);
    const justBegun = await client('just begun', ['BEGIN']);
    const resting = {
      commit: TX,
      rollback: TX,
      read: TX,
      temporary: ['CREATE TEMPORARY TABLE mine (id INT)'],
      lock: [`SELECT GET_LOCK('b', 1)`],
    };
    const rest: Record<string, Connection> = {};
    for (const [name, setUp] of Object.entries(resting)) rest[name] = await client(`resting ${name}`, setUp);
    const pinnedRaw = await raw();
    await pinnedRaw.query('CREATE TEMPORARY TABLE mine (id INT)');

    const loads = await client('load', []);
    const file = new PassThrough();
    const loading = outcome(
      loads.query({
        sql: `LOAD DATA LOCAL INFILE 'f' INTO TABLE t FIELDS TERMINATED BY ','`,
        infileStreamFactory: () => file,
      } as QueryOptions),
    );
    file.write('load,1\n');
    await until('the file is asked for', async () =>
      file.listenerCount('data') > 0 || file.readableFlowing ? true : null,
    );

    await stop(db1);
    for (const step of steps) step();
    // the load; a reset is asked on its backend before it is sent
    await inState('RUNNING', steps.length - 1 + 1);
    await inState('REPLAYING', 1);
    await end();
    const waiting = connect().then(async (late) => outcome(late.query(WHO)));
    const cut = failOver();
    for (const [name, answer] of Object.entries(expected)) expect([name, await flights[name]]).toEqual([name, answer]);
    expect(await cut).toBeGreaterThanOrEqual(0);
    file.end('load,2\n');
    expect(await loading).toBe(UNKNOWN);
    expect(await waiting).toBe('[{"id":2}]');

    expect(await outcome(idle.query(WHO))).toBe('[{"id":2}]');
    await justBegun.query(`INSERT INTO t VALUES ('just begun', 1)`);
    expect(await times('just begun')).toBe(0);
    await justBegun.query('COMMIT');
    expect(await outcome(rest['commit']!.query('COMMIT'))).toBe(INTERRUPTED);
    expect(await outcome(rest['rollback']!.query('ROLLBACK'))).toBe('OK');
    expect(await outcome(rest['read']!.query('SELECT 1'))).toBe(INTERRUPTED);
    for (const [name, words] of [
      ['temporary', 'TEMPORARY_TABLE'],
      ['lock', 'GET_LOCK'],
    ] as const) {
      await expect(rest[name]!.query('SELECT 1')).rejects.toMatchObject({
        errno: 1105,
        message: expect.stringContaining(words),
      });
    }
    pinnedRaw.send(Command.RESET_CONNECTION);
    expect((await pinnedRaw.single()).error).toBeNull();

    // nobody lost the connection, and what can be set again was
    for (const { name, client: one, id } of all) {
      const [rows] = await one.query<RowDataPacket[]>(
        'SELECT CONNECTION_ID() AS id, @mine AS mine, @@server_id AS server',
      );
      expect(rows).toEqual([{ id, mine: name, server: 2 }]);
    }
    const byName = (name: string): Connection => all.find((one) => one.name === name)!.client;
    expect(await outcome(byName('set').query('SELECT @@time_zone AS zone'))).toBe('[{"zone":"+03:00"}]');
    await byName('begin').query(`INSERT INTO t VALUES ('begin', 1)`);
    expect(await times('begin')).toBe(0);
    await byName('begin').query('COMMIT');
    for (const one of [preparing, entering, resetting, pinnedRaw])
      expect(await one.values('SELECT @@server_id')).toEqual(['2']);
    expect(await outcome(writes.execute([3]))).toBe('OK');

    // nothing was run a second time, and what was rolled back is not there
    const rows = await db2.sql('SELECT who, COUNT(*) AS n FROM shop.t GROUP BY who ORDER BY who');
    expect(rows.map(({ who, n }) => `${String(who)} ${Number(n)}`)).toEqual([
      'begin 1',
      'just begun 1',
      'old 1',
      'prepared 2',
    ]);
    expect(await db2.sql(`SHOW TABLES FROM shop LIKE 'made'`)).toEqual([]);
  }

  test('the primary is killed', async () => {
    await everySituation(async () => {
      process.kill(db1.pid!, 'SIGKILL');
    });
  });

  test('the primary stops answering, and is cut off', async () => {
    await everySituation(async () => undefined);
    db1.resume();
  });

  test.each([
    ['killed', (): Promise<void> => db1.kill()],
    ['shut down', (): Promise<void> => db1.stop()],
  ])('%s under load: reads never fail, others are told the truth, and no write is there twice', async (how, end) => {
    const told = new Map<string, number>();
    const note = (what: string): unknown => told.set(what, (told.get(what) ?? 0) + 1);
    let moved = false;
    let next = 0;
    const work = async (client: Connection): Promise<void> => {
      const [[before]] = await client.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id');
      for (let left = 5; left > 0;) {
        if (moved) left--;
        note(`read ${(await outcome(client.query(WHO))).startsWith('[')}`);
        note(`write ${await outcome(client.query('INSERT INTO t VALUES (?, 1)', [`w${next++}`]))}`);
        const who = `x${next++}`;
        for (const sql of ['BEGIN', `INSERT INTO t VALUES ('${who}', 1)`, 'COMMIT']) {
          const came = await outcome(client.query(sql));
          note(`${sql.slice(0, 6)} ${came}`);
          if (came !== 'OK') break;
        }
      }
      const [[after]] = await client.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id');
      expect(after).toEqual(before);
    };
    const clients = await Promise.all(Array.from({ length: 16 }, () => connect()));
    const working = Promise.all(clients.map(work));
    await until('there is load', async () => ((told.get('write OK') ?? 0) > 50 ? true : null));
    const ended = end();
    await until('nobody is let in', async () =>
      db1.sql('SELECT 1').then(
        () => null,
        () => true as const,
      ),
    );
    await failOver();
    moved = true;
    await Promise.all([working, ended]);
    const allowed = new Set([
      'read true',
      'write OK',
      `write ${UNKNOWN}`,
      'BEGIN OK',
      'INSERT OK',
      `INSERT ${INTERRUPTED}`,
      'COMMIT OK',
      // the server's own word, where it is all that there is to say
      ...(how === 'shut down' ? ['write 1053/08S01', 'COMMIT 1053/08S01'] : []),
      `COMMIT ${UNKNOWN}`,
      `COMMIT ${INTERRUPTED}`,
    ]);
    expect([...told.keys()].filter((what) => !allowed.has(what))).toEqual([]);
    expect(await db2.sql('SELECT who FROM shop.t GROUP BY who HAVING COUNT(*) > 1')).toEqual([]);
  });

  test('a node that was cut off gets no connection until it is named again; who waits is told in time', async () => {
    const short = await startPlane({ nodes: [db1, db2], hold: { maxMs: 600, clients: 10, bytes: 1 << 20 } });
    const client = await short.connect({ database: 'shop' });
    await client.query('SELECT 1');
    expect(await short.plane.cut(POOL, 'db1')).toBeGreaterThan(0);
    expect((await short.plane.stats(POOL)).gate).toBe('OPEN');
    const before = performance.now();
    await expect(client.query('SELECT 1')).rejects.toMatchObject({
      errno: 1105,
      message: expect.stringContaining('db1'),
    });
    expect(performance.now() - before).toBeLessThan(2000);
    expect(await short.backends()).toEqual([]);
    // a hold that nobody ends does not send anybody there either
    await short.hold();
    expect(await short.drained(100)).toEqual({ drained: true });
    const held = outcome(client.query('SELECT 1'));
    await until('the hold ends', async () => ((await short.plane.stats(POOL)).gate === 'OPEN' ? true : null), 3000);
    expect(await held).toBe(TOLD);
    expect(await short.backends()).toEqual([]);
    const waits = client.query<RowDataPacket[]>(WHO);
    await short.activate('db1');
    expect((await waits)[0]).toEqual([{ id: 1 }]);
    await short.stop();
  });

  test('a hold without an active node drains at once, and is released to one', async () => {
    const none = await startPlane({ nodes: [db1, db2], active: null });
    await none.hold();
    expect(await none.drained(100)).toEqual({ drained: true });
    expect(await none.plane.cut(POOL, 'db1')).toBe(0);
    const client = none.connect({ database: 'shop' });
    await none.release('db2');
    expect(await outcome((await client).query(WHO))).toBe('[{"id":2}]');
    await none.stop();
  });
});
