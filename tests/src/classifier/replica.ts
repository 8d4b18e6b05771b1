import { existsSync, rmSync } from 'node:fs';
import { Command } from '@myswitch/protocol';
import {
  ACCOUNTS,
  type Cluster,
  type Kind,
  type Rows,
  type TestServer,
  caughtUp,
  createCluster,
} from '@myswitch/testkit';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { RawClient } from '../support/raw-client';
import type { Labelled } from './labelled';

/** A statement, and the character set that the session says its bytes are in (default utf8mb4). */
export type Asked = Pick<Labelled, 'sql' | 'sqlMode'> & { readonly charset?: string };

/** What statements of the corpus would write, were they run. */
const FILE = '/tmp/myswitch-corpus';

const TABLE = '(id INT PRIMARY KEY AUTO_INCREMENT, v INT, s VARCHAR(40), d DATETIME, j JSON, KEY (v), FULLTEXT (s))';
const BODY = 'BEGIN INSERT INTO shop.log VALUES (1); RETURN 1; END';

/** Stored functions that write, under the names of functions that one kind or the other has built in. */
const NAMESAKES =
  'w2 count abs md5 uuid_to_bin any_value regexp_like json_compact nvl to_char against lateral duplicate cube sys_exec'.split(
    ' ',
  );

const OBJECTS: readonly string[] = [
  `CREATE TABLE shop.t ${TABLE}`,
  `CREATE TABLE shop.u ${TABLE}`,
  "INSERT INTO shop.t (v, s) VALUES (1, 'a'), (2, 'b'), (3, 'c')",
  "INSERT INTO shop.u (v, s) VALUES (1, 'a'), (2, 'b')",
  'CREATE TABLE shop.log (n INT)',
  'CREATE VIEW shop.vw AS SELECT id, v FROM shop.t',
  `CREATE FUNCTION shop.w() RETURNS INT ${BODY}`,
  ...NAMESAKES.map((name) => `CREATE FUNCTION shop.\`${name}\`(a INT) RETURNS INT ${BODY}`),
  'CREATE PROCEDURE shop.p() INSERT INTO shop.log VALUES (1)',
  `GRANT FILE, PROCESS ON *.* TO '${ACCOUNTS.app.user}'@'%'`,
];

const OF_KIND: Readonly<Record<Kind, readonly string[]>> = {
  mariadb: ['CREATE SEQUENCE shop.s', 'CREATE TABLE shop.sv (id INT) WITH SYSTEM VERSIONING'],
  mysql: [],
};

const POSITION: Readonly<Record<Kind, string>> = {
  mariadb: '@@GLOBAL.gtid_current_pos',
  mysql: '@@GLOBAL.gtid_executed',
};

/** Commands that only read, by the servers' own counters; and those by which the session itself is made ready and looked at. */
const HARMLESS = /^Com_(select|show_.*|explain.*|analyze|help|empty_query|begin|rollback|set_option|change_db)$/;

const READ_ONLY_ERRORS: ReadonlySet<number> = new Set([1223, 1290, 1792, 1836]);

const AT_ONCE = 50;
/** So many faults are not explained by more of them. */
const ENOUGH = 20;

/** A replica that accepts no writes: it tells what statements that should only read do. */
export class Replica {
  readonly kind: Kind;
  readonly primary: TestServer;
  readonly #server: TestServer;
  readonly #admin: Connection;

  private constructor({ kind, nodes }: Cluster, admin: Connection) {
    this.kind = kind;
    [this.primary, this.#server] = nodes as unknown as [TestServer, TestServer];
    this.#admin = admin;
  }

  static async open(kind: Kind): Promise<Replica> {
    const extra = ['log_bin_trust_function_creators=1', 'secure_file_priv='];
    const cluster = await createCluster({ kind, replicas: 1, extra });
    const [primary, server] = cluster.nodes as unknown as [TestServer, TestServer];
    for (const statement of [...OBJECTS, ...OF_KIND[kind]]) await primary.sql(statement);
    await caughtUp(primary, [server]);
    const admin = await server.connect();
    await admin.query('SET SESSION lock_wait_timeout = 1');
    return new Replica(cluster, admin);
  }

  /** Takes away what a statement that it was right to doubt has written. */
  removeFile(): void {
    rmSync(FILE, { force: true });
  }

  close(): void {
    this.#admin.destroy();
  }

  /** What any of these did that a read does not; empty if nothing. `answered`: of those that it ran, the ones without an error. */
  async faults(asked: readonly Asked[]): Promise<{ readonly faults: readonly string[]; readonly answered: number }> {
    const found: string[] = [];
    let answered = 0;
    for (const same of alike(asked)) {
      if (found.length > ENOUGH) break;
      const { faults, ok } = await this.#run(same);
      answered += ok;
      if (faults.length === 0) continue;
      // which of them was it?
      const each: string[] = [];
      for (const one of same) {
        const alone = await this.#run([one]);
        each.push(...alone.faults.map((fault) => `${JSON.stringify(one)}: ${fault}`));
      }
      found.push(...(each.length > 0 ? each : faults.map((fault) => `${JSON.stringify(same)} together: ${fault}`)));
    }
    return { faults: found, answered };
  }

  /** In one transaction, so that row locks stay until they are looked for. */
  async #run(asked: readonly Asked[]): Promise<{ readonly faults: string[]; readonly ok: number }> {
    const faults: string[] = [];
    let ok = 0;
    const position = await this.#position();
    const client = await RawClient.connect({ port: this.#server.port, database: 'shop' });
    try {
      const { sqlMode, charset = 'utf8mb4' } = asked[0]!;
      if (sqlMode !== undefined) await client.values(`SET sql_mode = '${sqlMode}'`);
      await client.values('START TRANSACTION');
      await client.values(`SET character_set_client = ${charset}`);
      const before = await commands(client);
      for (const { sql } of asked) {
        client.send(Command.QUERY, Buffer.from(sql, 'latin1'));
        const { error } = await client.reply();
        if (error === null) ok++;
        else if (READ_ONLY_ERRORS.has(error.code) || /read.?only/i.test(error.message)) {
          faults.push(`${error.code} ${error.message}`);
        }
      }
      const after = await commands(client);
      for (const [name, count] of after) {
        if (!HARMLESS.test(name) && count !== before.get(name))
          faults.push(`${name} + ${count - (before.get(name) ?? 0)}`);
      }
      faults.push(...(await this.#left(client)));
      await client.values('ROLLBACK');
    } finally {
      client.close();
    }
    if ((await this.#position()) !== position) faults.push('the position moved');
    if (existsSync(FILE)) faults.push('a file was written');
    return { faults, ok };
  }

  /** What the session holds now that it did not hold at first. */
  async #left(client: RawClient): Promise<string[]> {
    const faults: string[] = [];
    const [id] = await client.values('SELECT LAST_INSERT_ID()');
    if (id !== '0') faults.push(`LAST_INSERT_ID() is ${id}`);
    const [connection] = await client.values('SELECT CONNECTION_ID()');
    const ownVariables =
      this.kind === 'mysql'
        ? `SELECT VARIABLE_NAME AS name FROM performance_schema.user_variables_by_thread JOIN performance_schema.threads
             USING (THREAD_ID) WHERE PROCESSLIST_ID = ${connection}`
        : null;
    const names =
      ownVariables === null
        ? await client.values('SELECT VARIABLE_NAME FROM information_schema.USER_VARIABLES')
        : (await this.#rows(ownVariables)).map(({ name }) => String(name));
    if (names.length > 0) faults.push(`user variables: ${names.join(', ')}`);
    const [held] = await this.#rows("SELECT COALESCE(IS_USED_LOCK('a'), IS_USED_LOCK('g')) AS holder");
    if (held?.['holder'] !== null) faults.push('a named lock is held');
    for (const lock of await this.#rowLocks()) faults.push(`locked: ${lock}`);
    return faults;
  }

  async #rowLocks(): Promise<string[]> {
    if (this.kind === 'mysql') {
      const locks = await this.#rows('SELECT OBJECT_NAME, LOCK_TYPE, LOCK_MODE FROM performance_schema.data_locks');
      return locks.map((lock) => JSON.stringify(lock));
    }
    // there is no list of them: whoever wants them all would have to wait. MySQL refuses this on a read-only server
    const locked: string[] = [];
    for (const table of ['t', 'u']) {
      await this.#admin.query('START TRANSACTION');
      await this.#admin.query(`SELECT * FROM shop.${table} FOR UPDATE NOWAIT`).catch(() => locked.push(table));
      await this.#admin.query('ROLLBACK');
    }
    return locked;
  }

  async #position(): Promise<string> {
    const [row] = await this.#rows(`SELECT ${POSITION[this.kind]} AS position`);
    return String(row!['position']);
  }

  async #rows(sql: string): Promise<Rows> {
    const [rows] = await this.#admin.query<RowDataPacket[]>(sql);
    return rows;
  }
}

/** In parts that one session can run. */
function alike(asked: readonly Asked[]): Asked[][] {
  const groups = new Map<string, Asked[]>();
  for (const one of asked) {
    const key = `${one.sqlMode}/${one.charset}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / AT_ONCE) }, (_, i) => group.slice(i * AT_ONCE, (i + 1) * AT_ONCE)),
  );
}

/** How often the session ran which command, stored programs included. */
async function commands(client: RawClient): Promise<Map<string, number>> {
  const { rows } = await client.query("SHOW SESSION STATUS LIKE 'Com\\_%'");
  return new Map(
    rows.map((row) => {
      const name = row.toString('latin1', 1, 1 + row[0]!);
      return [name, Number(row.toString('latin1', 2 + row[0]!))];
    }),
  );
}
