import { setImmediate } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { ACCOUNTS, type Cluster, type Kind, type TestServer, createCluster, sleep } from '@myswitch/testkit';
import { type TestPlane, startPlane } from '../support/plane';
import type { Case } from './case';
import type { ProfileName } from './profiles';
import { Speaker } from './speaker';

/** How a session gets to the servers. */
export const Way = Object.freeze({
  DIRECT: 'direct',
  PROXIED: 'proxied',
  /** Through the proxy, and to the other server between every two commands. */
  MOVED: 'moved',
} as const);
export type Way = (typeof Way)[keyof typeof Way];

/** A second account, for COM_CHANGE_USER. */
const OTHER = Object.freeze({ user: 'other', password: 'other-secret' });

const SCHEMAS = ['app_diff', 'app_diff_2', 'app_diff_3'] as const;

const POSITION: Record<Kind, string> = { mariadb: '@@GLOBAL.gtid_binlog_pos', mysql: '@@GLOBAL.gtid_executed' };
const WAIT: Record<Kind, string> = {
  mariadb: 'SELECT MASTER_GTID_WAIT(?, 10) AS late',
  mysql: 'SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 10) AS late',
};
const RESTS_WITHIN_MS = 5000;

const EXTRA = ['max_allowed_packet=64M', 'log_bin_trust_function_creators=1'];

/**
 * Two servers that replicate from each other, and a proxy before them. One of them is writable at a time, as in a pool; the
 * other has all that it wrote before it is used itself.
 */
export class Ground {
  readonly kind: Kind;
  readonly plane: TestPlane;
  readonly #servers: readonly [TestServer, TestServer];
  readonly #admins: readonly [Connection, Connection];
  #active: 0 | 1 = 0;

  private constructor(cluster: Cluster, plane: TestPlane, admins: readonly [Connection, Connection]) {
    this.kind = cluster.kind;
    this.plane = plane;
    this.#servers = cluster.nodes as unknown as readonly [TestServer, TestServer];
    this.#admins = admins;
  }

  static async open(kind: Kind): Promise<Ground> {
    const cluster = await createCluster({ kind, replicas: 1, circular: true, extra: EXTRA });
    const [first, second] = cluster.nodes as unknown as readonly [TestServer, TestServer];
    const admins = [
      await first.connect({ multipleStatements: true }),
      await second.connect({ multipleStatements: true }),
    ] as const;
    for (const statement of [
      `CREATE USER '${OTHER.user}'@'%' IDENTIFIED BY '${OTHER.password}'`,
      `GRANT ALL ON \`app%\`.* TO '${OTHER.user}'@'%'`,
      `CREATE ROLE app_reader, app_writer`,
      `GRANT SELECT ON mysql.* TO app_reader`,
      `GRANT app_reader TO '${ACCOUNTS.app.user}'@'%'`,
      `GRANT app_writer TO '${ACCOUNTS.app.user}'@'%'`,
    ]) {
      await admins[0].query(statement);
    }
    const plane = await startPlane({
      nodes: [first, second],
      users: [ACCOUNTS.app, OTHER].map(({ user, password }) => ({ name: user, password })),
    });
    return new Ground(cluster, plane, admins);
  }

  async close(): Promise<void> {
    for (const admin of this.#admins) admin.destroy();
    await this.plane.stop();
    await Promise.all(this.#servers.map((server) => server.remove()));
  }

  /** Schemas as if nothing had ever been there. */
  async fresh({ setup = [] }: Case): Promise<void> {
    const drops = SCHEMAS.map((schema) => `DROP DATABASE IF EXISTS ${schema}`);
    const creates = SCHEMAS.slice(0, 2).map((schema) => `CREATE DATABASE ${schema} CHARACTER SET utf8mb4`);
    const all = [...drops, ...creates, `USE ${SCHEMAS[0]}`];
    await this.#admins[0].query(all.join(';'));
    for (const statement of setup) await this.#admins[0].query(statement);
  }

  connect(way: Way, profile: ProfileName, database: string | null): Promise<Speaker> {
    const port = way === Way.DIRECT ? this.#servers[0].port : this.plane.port;
    return Speaker.connect(port, profile, database);
  }

  /** Moves all sessions to the other server. Returns why it can't be, then nothing changed. */
  async move(): Promise<string | null> {
    await this.#rest();
    const blocking = await this.plane.blocking();
    await this.plane.hold();
    const result = await this.plane.drained(blocking.length > 0 ? 1 : RESTS_WITHIN_MS);
    if (!result.drained) {
      await this.plane.release(this.#servers[this.#active].name);
      if (blocking.length === 0) throw new Error(`not drained: ${JSON.stringify(result.blocking)}`);
      return result.blocking.map(({ reason }) => reason).join(' ');
    }
    const target = this.#active === 0 ? 1 : 0;
    await this.#admins[this.#active].query('SET GLOBAL read_only = 1');
    await this.#caughtUp(this.#admins[this.#active], this.#admins[target]);
    await this.#admins[target].query('SET GLOBAL read_only = 0');
    this.#active = target;
    await this.plane.release(this.#servers[this.#active].name);
    return null;
  }

  /** No session any more, and the first server is used again. */
  async home(): Promise<void> {
    const deadline = Date.now() + RESTS_WITHIN_MS;
    while ((await this.plane.sessions()).length > 0) {
      if (Date.now() > deadline) throw new Error(`sessions stay: ${JSON.stringify(await this.plane.sessions())}`);
      await sleep(2);
    }
    if (this.#active === 1) {
      const reason = await this.move();
      if (reason !== null) throw new Error(`can't go home: ${reason}`);
    }
  }

  async #rest(): Promise<void> {
    const deadline = Date.now() + RESTS_WITHIN_MS;
    for (;;) {
      const sessions = await this.plane.sessions();
      if (sessions.every(({ state }) => state === 'IDLE')) return;
      if (Date.now() > deadline) throw new Error(`sessions don't rest: ${JSON.stringify(sessions)}`);
      await setImmediate();
    }
  }

  async #caughtUp(source: Connection, target: Connection): Promise<void> {
    const [written, applied] = await Promise.all([this.#position(source), this.#position(target)]);
    if (written === applied) return;
    const [rows] = await target.query<RowDataPacket[]>(WAIT[this.kind], [written]);
    if (Number(rows[0]?.['late']) !== 0) {
      const [status] = await target.query('SHOW REPLICA STATUS');
      throw new Error(`${written} was not applied: ${JSON.stringify(status)}`);
    }
  }

  async #position(admin: Connection): Promise<string> {
    const [rows] = await admin.query<RowDataPacket[]>(`SELECT ${POSITION[this.kind]} AS position`);
    return String(rows[0]?.['position']).replaceAll('\n', '');
  }
}
