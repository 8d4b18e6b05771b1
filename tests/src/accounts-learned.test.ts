import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AccountRow } from '@myswitch/orchestrator';
import { type Cluster, type Kind, type TestServer, createCluster, until } from '@myswitch/testkit';
import { createConnection } from 'mysql2/promise';
import { describeKinds } from './support/kinds';
import { SwitchPool } from './support/switch-pool';

jest.setTimeout(60_000);

const HASH = "'*7B9EBEED26AA52ED10C0F549FA863F13C39E0209'"; // of the password p
const LONG_AGO = '2001-01-01';

/** Every trap that the account tables are known for. */
const ACCOUNTS: Record<Kind, readonly string[]> = {
  mariadb: [
    "CREATE USER 'native'@'10.0.%' IDENTIFIED BY 'p'",
    "CREATE USER 'open'@'%'",
    `CREATE USER 'either'@'%' IDENTIFIED VIA unix_socket OR mysql_native_password USING ${HASH}`,
    "CREATE USER 'debian'@'localhost' IDENTIFIED VIA mysql_native_password USING 'invalid' OR unix_socket",
    "CREATE USER 'socket'@'%' IDENTIFIED VIA unix_socket",
    "CREATE USER 'max'@'%' IDENTIFIED BY 'p' WITH MAX_USER_CONNECTIONS -1",
    'CREATE ROLE auditor',
    "GRANT SELECT ON shop.* TO 'auditor'",
    'GRANT USAGE ON shop.* TO PUBLIC',
  ],
  mysql: [
    "SET GLOBAL caching_sha2_password_storage_format = 'PBKDF2_SHA512'",
    "CREATE USER 'pbkdf2'@'%' IDENTIFIED BY 'p'",
    'SET GLOBAL caching_sha2_password_storage_format = DEFAULT',
    "CREATE USER 'native'@'10.0.%' IDENTIFIED BY 'p'",
    "CREATE USER 'open'@'%'",
    "CREATE USER 'sha256'@'%' IDENTIFIED WITH sha256_password BY 'p'",
    "CREATE USER 'two'@'%' IDENTIFIED BY 'first'",
    "ALTER USER 'two'@'%' IDENTIFIED BY 'p' RETAIN CURRENT PASSWORD",
    "CREATE USER 'factors'@'%' IDENTIFIED BY 'p'",
    `UPDATE mysql.user SET User_attributes = '{"multi_factor_authentication": [{"plugin": "x"}]}' WHERE User = 'factors'`,
    "CREATE USER 'counts'@'%' IDENTIFIED BY 'p' FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME 1",
    'CREATE ROLE auditor',
    'FLUSH PRIVILEGES',
  ],
};
const BOTH = [
  "CREATE USER 'locked'@'%' IDENTIFIED BY 'p' ACCOUNT LOCK",
  "CREATE USER 'gone'@'%' IDENTIFIED BY 'p' PASSWORD EXPIRE",
  "CREATE USER 'kept'@'%' IDENTIFIED BY 'p' PASSWORD EXPIRE NEVER",
  "CREATE USER 'old'@'%' IDENTIFIED BY 'p' PASSWORD EXPIRE INTERVAL 3 DAY",
  "CREATE USER 'young'@'%' IDENTIFIED BY 'p' PASSWORD EXPIRE INTERVAL 3 DAY",
  "CREATE USER 'tls'@'%' IDENTIFIED BY 'p' REQUIRE SSL",
  "CREATE USER 'x509'@'%' IDENTIFIED BY 'p' REQUIRE X509",
  "CREATE USER 'cert'@'%' IDENTIFIED BY 'p' REQUIRE ISSUER '/CN=ca' AND SUBJECT '/CN=me' AND CIPHER 'AES'",
  "CREATE USER 'few'@'%' IDENTIFIED BY 'p' WITH MAX_USER_CONNECTIONS 3",
  "CREATE USER 'gr\u00fc\\'n'@'%' IDENTIFIED BY 'p'",
  "CREATE USER ''@'h.example.com' IDENTIFIED BY 'p'",
  "CREATE USER 'net'@'192.168.0.0/255.255.0.0' IDENTIFIED BY 'p'",
  "CREATE USER 'any'@'' IDENTIFIED BY 'p'",
];
/** Passwords with a life-time begin it long ago. */
const AGED: Record<Kind, (user: string) => string> = {
  mariadb: (user) =>
    `UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.password_last_changed', UNIX_TIMESTAMP('${LONG_AGO}')) WHERE User = '${user}'`,
  mysql: (user) => `UPDATE mysql.user SET password_last_changed = '${LONG_AGO}' WHERE User = '${user}'`,
};

async function login(server: TestServer, user: string): Promise<string> {
  const { host, port } = server;
  try {
    const connection = await createConnection({ host, port, user, password: 'p' });
    try {
      await connection.query('SELECT 1');
      return 'in';
    } finally {
      connection.destroy();
    }
  } catch (error) {
    return String((error as { errno?: number }).errno);
  }
}

describeKinds('accounts learned from the servers', (kind) => {
  let cluster: Cluster;
  let pool: SwitchPool;

  beforeAll(async () => {
    cluster = await createCluster({ kind, replicas: 1 });
    for (const statement of [...BOTH, ...ACCOUNTS[kind]]) await cluster.nodes[0]!.sql(statement);
    for (const user of ['old', 'kept']) await cluster.nodes[0]!.sql(AGED[kind](user));
    await cluster.nodes[0]!.sql('FLUSH PRIVILEGES');
    pool = await new SwitchPool(cluster, (options) => ({ ...options, users: [] })).start();
  });

  afterAll(async () => {
    await pool.stop();
    for (const server of cluster.nodes) await server.remove();
  });

  const primary = (): TestServer => cluster.nodes[0]!;
  const table = (): readonly AccountRow[] => pool.plane.learned.at(-1) ?? [];
  const row = (user: string): AccountRow | undefined => table().find((one) => one.user === user);
  const learned = (what: string, condition: () => boolean): Promise<true> =>
    until(what, async () => (condition() ? true : null), 5000);

  test('are known before any client is let in', () => {
    expect(pool.plane.learned).toHaveLength(1);
    expect(row('app')).toMatchObject({ host: '%', locked: false, passwordExpired: false, tls: 'NONE', second: null });
    expect(row('native')?.host).toBe('10.0.%');
    expect(row('net')?.host).toBe('192.168.0.0/255.255.0.0');
    expect(row('any')?.host).toBe(kind === 'mariadb' ? '%' : '');
    expect(row("gr\u00fc'n")).toBeDefined();
    expect(row('')?.host).toBe('h.example.com');
    expect(row('open')?.authentication).toBe('');
  });

  test('with what they ask of a client', () => {
    expect(row('locked')?.locked).toBe(true);
    expect(row('tls')).toMatchObject({ tls: 'ANY', issuer: '', subject: '', cipher: '' });
    expect(row('x509')?.tls).toBe('X509');
    expect(row('cert')).toMatchObject({ tls: 'SPECIFIED', issuer: '/CN=ca', subject: '/CN=me', cipher: 'AES' });
    expect(row('few')?.maxUserConnections).toBe(3);
  });

  test.each(['gone', 'kept', 'old', 'young', 'app'])('%s is expired exactly when the server says so', async (user) => {
    const answer = user === 'app' ? 'in' : await login(primary(), user);
    // 1820: log in, then change it; 1862: not even that
    expect([answer, row(user)?.passwordExpired]).toEqual(
      ['gone', 'old'].includes(user) ? [expect.stringMatching(/^18(20|62)$/), true] : ['in', false],
    );
  });

  if (kind === 'mariadb') {
    test('from the table that the view mysql.user hides', () => {
      expect(row('native')).toMatchObject({ plugin: 'mysql_native_password', authentication: HASH.slice(1, -1) });
      expect(row('either')).toMatchObject({
        plugin: 'mysql_native_password',
        authentication: HASH.slice(1, -1),
        alternatives: [{ plugin: 'unix_socket', authentication: '' }],
      });
      expect(row('socket')).toMatchObject({ plugin: 'unix_socket', alternatives: [] });
      expect(row('max')?.maxUserConnections).toBe(-1);
      expect(row('auditor')).toBeUndefined();
      expect(row('PUBLIC')).toBeUndefined();
    });
  } else {
    test('with salts that are not text', async () => {
      const [stored] = await primary().sql(
        "SELECT HEX(authentication_string) AS h FROM mysql.user WHERE User = 'native'",
      );
      const { plugin, authentication } = row('native')!;
      expect(plugin).toBe('caching_sha2_password');
      expect(authentication).toMatch(/^\$A\$00[0-9A-F]\$[^]{20}[./0-9A-Za-z]{43}$/);
      expect(Buffer.from(authentication, 'latin1').toString('hex').toUpperCase()).toBe(stored!['h']);
      expect(row('pbkdf2')?.authentication).toMatch(/^\$B\$[^]{112}$/);
      expect(row('sha256')).toMatchObject({
        plugin: 'sha256_password',
        authentication: expect.stringMatching(/^\$5\$/),
      });
    });

    test('with the second password, and not without the second factor', () => {
      expect(row('two')?.second).toMatch(/^\$A\$00[0-9A-F]\$[^]{63}$/);
      expect(row('two')?.second).not.toBe(row('two')?.authentication);
      expect(row('factors')?.plugin).toBe('mysql_no_login');
      // the server itself treats it like this
      expect(row('auditor')).toMatchObject({ locked: true, authentication: '' });
    });
  }

  test('those that cannot be served are named by check with the reason, and refuse nothing', async () => {
    const { guardrails } = await pool.check({ force: true });
    const answer = guardrails.find(({ code }) => code === 'ACCOUNTS');
    expect(answer?.ok).toBe(true);
    const expected =
      kind === 'mariadb'
        ? ["'debian'@'localhost', 'socket'@'%': unix_socket is not supported"]
        : [
            "'factors'@'%': it asks for a second factor",
            "'counts'@'%': wrong passwords given to MySwitch are not counted by FAILED_LOGIN_ATTEMPTS",
          ];
    for (const part of [
      ...expected,
      'learned from db1',
      "'tls'@'%': it requires TLS, and MySwitch connects without to db1, db2",
    ])
      expect(answer?.message).toContain(part);
    expect(answer?.message).not.toContain("'locked'");
    expect(answer?.message).not.toContain("'either'");
  });

  test('changes are seen within seconds, and a table that does not change is not sent again', async () => {
    const before = pool.plane.learned.length;
    const hash = row('few')?.authentication;
    await primary().sql("ALTER USER 'few'@'%' IDENTIFIED BY 'q'");
    await learned('a new password', () => row('few')?.authentication !== hash);
    await primary().sql("ALTER USER 'few'@'%' ACCOUNT LOCK");
    await learned('the lock', () => row('few')?.locked === true);
    await primary().sql("RENAME USER 'few'@'%' TO 'many'@'10.%'");
    await learned('another name', () => row('many')?.host === '10.%' && row('few') === undefined);
    await primary().sql("DROP USER 'many'@'10.%'");
    await learned('its end', () => row('many') === undefined);
    expect(pool.plane.learned.length).toBe(before + 4);
  });

  test('so are two accounts that swap their passwords', async () => {
    await primary().sql("CREATE USER 'swap1'@'%' IDENTIFIED BY 'one'");
    await primary().sql("CREATE USER 'swap2'@'%' IDENTIFIED BY 'two'");
    await learned('both', () => row('swap2') !== undefined);
    const [one, two] = [row('swap1')!.authentication, row('swap2')!.authentication];
    const hex = (text: string): string => `X'${Buffer.from(text, 'latin1').toString('hex')}'`;
    const other = `CASE User WHEN 'swap1' THEN ${hex(two)} ELSE ${hex(one)} END`;
    const swap =
      kind === 'mariadb'
        ? `UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.authentication_string', ${other})`
        : `UPDATE mysql.user SET authentication_string = ${other}`;
    await primary().sql(`${swap} WHERE User IN ('swap1', 'swap2')`);
    await learned('the swap', () => row('swap1')?.authentication === two && row('swap2')?.authentication === one);
    await primary().sql("DROP USER 'swap1'@'%', 'swap2'@'%'");
  });

  test('a switch reads the table of the new primary, and PARITY names accounts that differ', async () => {
    await primary().sql("CREATE USER 'there'@'%' IDENTIFIED BY 'p'");
    await learned('it', () => row('there') !== undefined);
    await primary()
      .sql("SET SESSION sql_log_bin = 0; DROP USER 'there'@'%'")
      .catch(() => undefined);
    const { host, port, root } = primary();
    const connection = await createConnection({ host, port, ...root });
    await connection.query('SET SESSION sql_log_bin = 0');
    await connection.query("DROP USER 'there'@'%'");
    await connection.end();
    await learned('its end on db1', () => row('there') === undefined);
    const { guardrails } = await pool.check();
    expect(guardrails.find(({ code }) => code === 'PARITY')?.message).toContain("account 'there'@'%'");
    const { result } = await pool.switch({ to: 'db2' });
    expect(result).toBe('switched');
    await learned('the table of db2', () => row('there') !== undefined);
    const report = (await pool.check({ to: 'db1', force: true })).guardrails.find(({ code }) => code === 'ACCOUNTS');
    expect(report?.message).toContain('learned from db2');
  });

  test('no hash is in a log, a record, a report or a file', async () => {
    const secrets = pool.plane.learned
      .flat()
      .flatMap((one) => [one, { authentication: one.second ?? '' }].concat(one.alternatives))
      .map(({ authentication }) => authentication)
      .filter((secret) => secret.length > 20)
      // what of it is text would be seen in any encoding
      .map((secret) => secret.slice(-20));
    expect(secrets.length).toBeGreaterThan(20);
    const written = filesBelow(pool.stateDir).map((file) => readFileSync(file, 'latin1'));
    const seen = [
      ...pool.lines.map((line) => JSON.stringify(line)),
      JSON.stringify(await pool.check()),
      JSON.stringify(await pool.status()),
      JSON.stringify(await pool.orchestrator.history()),
      ...written,
    ].join('\n');
    expect(seen).toContain('accounts were learned');
    expect(secrets.filter((secret) => seen.includes(secret))).toEqual([]);
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile());
}
