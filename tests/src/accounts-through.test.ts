import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { caughtUp, sleep, until } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { Stage } from './support/stage';

jest.setTimeout(120_000);

/** The program as an operator runs it, with no account of an application in its configuration. */
describeKinds('accounts that only the servers know', (kind) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.set(kind, {}, { users: [], switch: { drain: '10s' }, hold: { max: '30s' } });
  });

  afterAll(() => stage.strike());

  const primary = async () => stage.node((await stage.status()).active!);
  async function login(user: string, password: string): Promise<string> {
    let connection: Connection | null = null;
    try {
      connection = await createConnection({ host: '127.0.0.1', port: stage.port, user, password });
      const [rows] = await connection.query<RowDataPacket[]>('SELECT CURRENT_USER() AS me');
      return String(rows[0]?.['me']);
    } catch (error) {
      return String((error as { errno?: number }).errno);
    } finally {
      connection?.destroy();
    }
  }
  const within = (what: string, user: string, password: string, outcome: string): Promise<true> =>
    until(what, async () => ((await login(user, password)) === outcome ? true : null), 10_000);

  test('switch there and back under load', async () => {
    const workload = stage.workload(200);
    try {
      for (const to of ['db2', 'db1']) {
        await sleep(1500);
        await stage.fitFor(to);
        const { code, flight } = await stage.switch('--to', to);
        expect(flight).toMatchObject({ result: 'switched', to, reasons: [] });
        expect(code).toBe(0);
      }
      await sleep(500);
    } finally {
      await workload.stop();
    }
    expect(workload.report()).toMatchObject({ failed: 0, unknown: 0, dropped: 0, sessionErrors: [], messages: [] });
    await caughtUp(stage.node('db1'), [stage.node('db2')]);
    expect(await stage.ledgerProblems(workload)).toEqual([]);
  });

  test('changes count within seconds, in every worker', async () => {
    const server = await primary();
    await server.sql("CREATE USER 'fresh'@'%' IDENTIFIED BY 'one'");
    await within('a new account', 'fresh', 'one', 'fresh@%');
    await server.sql("ALTER USER 'fresh'@'%' IDENTIFIED BY 'two'");
    await within('its new password', 'fresh', 'two', 'fresh@%');
    for (let attempt = 0; attempt < 6; attempt++) expect(await login('fresh', 'one')).toBe('1045');
    await server.sql("ALTER USER 'fresh'@'%' ACCOUNT LOCK");
    await within('its lock', 'fresh', 'two', kind === 'mariadb' ? '4151' : '3118');
    await server.sql("DROP USER 'fresh'@'%'");
    await within('its end', 'fresh', 'two', '1045');
  });

  test('a worker that is started anew knows them too', async () => {
    const pids = readFileSync(`/proc/${stage.mySwitch.pid}/task/${stage.mySwitch.pid}/children`, 'utf8')
      .trim()
      .split(' ');
    process.kill(Number(pids[0]), 'SIGKILL');
    await until('it is back', async () => {
      const now = readFileSync(`/proc/${stage.mySwitch.pid}/task/${stage.mySwitch.pid}/children`, 'utf8').trim();
      return now.split(' ').length === pids.length && !now.includes(pids[0]!) ? true : null;
    });
    for (let attempt = 0; attempt < 4; attempt++) await within('everybody is let in', 'app', 'app-secret', 'app@%');
  });

  test('those that can not be served are named, and nothing secret is told', async () => {
    const server = await primary();
    const socket = kind === 'mariadb' ? 'IDENTIFIED VIA unix_socket' : 'REQUIRE SSL';
    await server.sql(`CREATE USER 'special'@'%' ${socket}`);
    const report = await until('it is named', async () => {
      const { check } = await stage.check('db2');
      const answer = check.guardrails.find(({ code }) => code === 'ACCOUNTS');
      return answer?.message.includes("'special'@'%'") === true ? answer : null;
    });
    expect(report.ok).toBe(true);
    expect(report.message).toMatch(kind === 'mariadb' ? /unix_socket is not supported/ : /requires TLS/);

    const hashes = await server.sql(
      kind === 'mariadb'
        ? "SELECT JSON_VALUE(Priv, '$.authentication_string') AS hash FROM mysql.global_priv"
        : 'SELECT RIGHT(authentication_string, 43) AS hash FROM mysql.user',
    );
    const secrets = hashes
      .map((row) => (typeof row['hash'] === 'string' ? row['hash'] : ''))
      .filter(({ length }) => length > 20);
    expect(secrets.length).toBeGreaterThan(3);
    const told = [stage.mySwitch.output, JSON.stringify(await stage.status()), JSON.stringify(report)];
    for (const what of ['SESSIONS', 'BACKENDS', 'VARIABLES', 'POOLS', 'SWITCHES']) {
      told.push(JSON.stringify(await stage.show(what)));
    }
    const { dir } = stage.mySwitch;
    for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
      const file = join(dir, name);
      if (statSync(file).isFile()) told.push(readFileSync(file, 'latin1'));
    }
    expect(told.join('\n')).toContain('accounts were learned');
    expect([...secrets, 'app-secret'].filter((secret) => told.join('\n').includes(secret))).toEqual([]);
  });
});
