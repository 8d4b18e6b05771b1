import { execFile } from 'node:child_process';
import { type Connection, type RowDataPacket, createConnection } from 'mysql2/promise';
import { ACCOUNTS, type TestServer, createCluster, provision, sleep, until } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';

interface Failure {
  readonly errno?: number;
  readonly sqlState?: string;
  readonly message: string;
}

/** What came of a statement: its rows, or its error. */
async function outcome(statement: Promise<unknown>): Promise<unknown> {
  try {
    const [rows] = (await statement) as [unknown];
    return rows;
  } catch (error) {
    const { errno, sqlState, message } = error as Failure;
    return { errno, sqlState, message };
  }
}

async function idOf(client: Connection, sql = 'SELECT CONNECTION_ID() AS id'): Promise<number> {
  const [rows] = await client.query<RowDataPacket[]>(sql);
  return Number(rows[0]?.['id']);
}

describeKinds('KILL and connection ids', (kind) => {
  let servers: TestServer[];
  let plane: TestPlane;
  const opened: Connection[] = [];

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 1 });
    servers = [...cluster.nodes];
    plane = await startPlane({ nodes: servers, backend: { min: 1, max: 4 } });
  }, 60_000);
  afterEach(async () => {
    for (const connection of opened.splice(0)) connection.destroy();
    await plane.disconnectAll();
    await plane.checkInvariants();
  });
  afterAll(async () => {
    await plane.stop();
  });

  const direct = async (): Promise<Connection> => {
    const [server] = servers;
    const connection = await createConnection({ host: '127.0.0.1', port: server?.port ?? 0, ...ACCOUNTS.app });
    connection.on('error', () => undefined);
    opened.push(connection);
    return connection;
  };
  const proxied = (): Promise<Connection> => plane.connect();
  const WAYS = { direct, proxied };

  /** Until the statement of that connection is on a server. */
  const runs = async (text: string): Promise<void> => {
    const [server] = servers;
    await until('it runs', async () => {
      const rows = await server?.sql('SHOW FULL PROCESSLIST');
      return JSON.stringify(rows).includes(text) ? true : null;
    });
  };

  test('CONNECTION_ID() is the id of the greeting, on every backend and node, in text and prepared', async () => {
    const client = await proxied();
    const id = client.threadId;
    expect(id).toBeGreaterThan(1_000_000_000);
    expect(await idOf(client)).toBe(id);
    await plane.hold();
    await plane.drained();
    await plane.release('db2');
    expect(await idOf(client)).toBe(id);
    const [rows] = await client.execute<RowDataPacket[]>('SELECT CONNECTION_ID() AS id, ? AS x', [7]);
    expect(rows[0]).toMatchObject({ id, x: 7 });
    await client.query('SET @me = CONNECTION_ID()');
    expect(await idOf(client, 'SELECT @me AS id')).toBe(id);
    await plane.hold();
    await plane.drained();
    await plane.release('db1');
    expect(await idOf(client)).toBe(id);
  });

  test('its column is as the server makes it', async () => {
    const columns = [];
    for (const connect of Object.values(WAYS)) {
      const client = await connect();
      const [, fields] = await client.query('SELECT CONNECTION_ID(), connection_id ( ) , 1+CONNECTION_ID() AS s');
      columns.push(
        (fields as unknown as { name: string; columnType: number; columnLength: number; flags: number }[]).map(
          ({ name, columnType, columnLength, flags }) => ({ name, columnType, columnLength, flags }),
        ),
      );
    }
    expect(columns[1]).toEqual(columns[0]);
  });

  test.each(['SELECT SLEEP(60) AS slept', 'DO SLEEP(61)'])('KILL QUERY stops %s as on the server', async (sql) => {
    const outcomes = [];
    for (const connect of Object.values(WAYS)) {
      const [victim, killer] = [await connect(), await connect()];
      const running = outcome(victim.query(sql));
      await runs(sql);
      await killer.query(`KILL QUERY ${victim.threadId}`);
      outcomes.push(await running, await outcome(victim.query('SELECT 1 AS alive')));
    }
    expect(outcomes.slice(2)).toEqual(outcomes.slice(0, 2));
  });

  test('KILL of a connection that rests, of one that works, of oneself: as on the server', async () => {
    const seen = [];
    for (const connect of Object.values(WAYS)) {
      const ends: unknown[] = [];
      const [resting, working, killer] = [await connect(), await connect(), await connect()];
      await killer.query(`KILL ${resting.threadId}`);
      await sleep(50);
      ends.push(await outcome(resting.query('SELECT 1')).then((end) => (end as Failure).errno ?? 'lost'));
      const running = outcome(working.query('SELECT SLEEP(62)'));
      await runs('SLEEP(62)');
      await killer.query(`KILL CONNECTION ${working.threadId}`);
      ends.push(((await running) as Failure).errno ?? 'lost');
      ends.push(((await outcome(killer.query('KILL QUERY CONNECTION_ID()'))) as Failure).errno);
      ends.push(((await outcome(killer.query('KILL CONNECTION_ID()'))) as Failure).errno ?? 'lost');
      seen.push(ends);
    }
    expect(seen[1]).toEqual(seen[0]);
    await until('the server ended it too', async () => {
      const rows = await servers[0]?.sql('SHOW FULL PROCESSLIST');
      return JSON.stringify(rows).includes('SLEEP(62)') ? null : true;
    });
  });

  test('an id that a server told, of a connection that a session is using, means that session', async () => {
    const [victim, killer] = [await proxied(), await proxied()];
    const running = outcome(victim.query('SELECT SLEEP(63)'));
    await runs('SLEEP(63)');
    const [rows] = await killer.query<RowDataPacket[]>(
      "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO = 'SELECT SLEEP(63)'",
    );
    await killer.query(`KILL ${rows[0]?.['ID']}`);
    await running;
    await until('its session ended', async () => ((await plane.sessions()).length === 1 ? true : null));
  });

  test('ids that nobody has, and those of others', async () => {
    const other = `other_${kind}`;
    await servers[0]?.sql(`CREATE USER '${other}'@'%' IDENTIFIED BY 'secret'`);
    const admin = `admin_${kind}`;
    await servers[0]?.sql(`CREATE USER '${admin}'@'%' IDENTIFIED BY 'secret'`);
    await servers[0]?.sql(`GRANT SUPER ON *.* TO '${admin}'@'%'`);
    const second = await startPlane({
      nodes: servers,
      users: [ACCOUNTS.app.user, other, admin].map((name) => ({
        name,
        password: name === ACCOUNTS.app.user ? ACCOUNTS.app.password : 'secret',
      })),
    });
    try {
      const victim = await second.connect();
      const stranger = await second.connect({ user: other, password: 'secret' });
      const privileged = await second.connect({ user: admin, password: 'secret' });
      const unknown = await direct();
      for (const id of [999_999, 1_999_999_999]) {
        const [here, there] = [await outcome(stranger.query(`KILL ${id}`)), await outcome(unknown.query(`KILL ${id}`))];
        expect(here).toEqual(there);
      }
      expect(await outcome(stranger.query(`KILL QUERY ${victim.threadId}`))).toEqual({
        errno: 1095,
        sqlState: 'HY000',
        message: `You are not owner of thread ${victim.threadId}`,
      });
      expect(await outcome(victim.query('SELECT 1 AS alive'))).toEqual([{ alive: 1 }]);
      await privileged.query(`KILL ${victim.threadId}`);
      await until('the victim ended', async () => ((await second.sessions()).length === 2 ? true : null));
    } finally {
      await second.stop();
    }
  });

  test('a KILL that comes late hits nobody else', async () => {
    const narrow = await startPlane({ nodes: servers, backend: { min: 1, max: 1 } });
    try {
      const [victim, killer, bystander] = [await narrow.connect(), await narrow.connect(), await narrow.connect()];
      let over = false;
      const kills = (async () => {
        while (!over) await killer.query(`KILL QUERY ${victim.threadId}`);
      })();
      const victims = (async () => {
        while (!over) await outcome(victim.query('SELECT SLEEP(0.001)'));
      })();
      const ends = [];
      for (let turn = 0; turn < 150; turn++) ends.push(await outcome(bystander.query('SELECT SLEEP(0.002) AS slept')));
      over = true;
      await Promise.all([kills, victims]);
      expect(new Set(ends.map((end) => JSON.stringify(end)))).toEqual(new Set([JSON.stringify([{ slept: 0 }])]));
    } finally {
      await narrow.stop();
    }
  }, 30_000);

  test('Ctrl-C in the command-line client', async () => {
    const [server] = servers;
    const { client } = await provision(kind);
    const { user, password } = ACCOUNTS.app;
    const options = ['-h', '127.0.0.1', '-P', String(plane.port), '-u', user, `-p${password}`];
    const child = execFile(client.command, [...client.args, ...options, '-e', 'SELECT SLEEP(64)']);
    let said = '';
    child.stderr?.on('data', (chunk) => (said += String(chunk)));
    child.stdout?.on('data', (chunk) => (said += String(chunk)));
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    await runs('SLEEP(64)');
    child.kill('SIGINT');
    await ended;
    await until('the server stopped it', async () => {
      const rows = await server?.sql('SHOW FULL PROCESSLIST');
      return JSON.stringify(rows).includes('SLEEP(64)') ? null : true;
    });
    expect(said).not.toMatch(/SLEEP\(64\)\n0/);
  });
});
