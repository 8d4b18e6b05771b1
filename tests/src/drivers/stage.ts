import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Connection, type RowDataPacket, createConnection } from 'mysql2/promise';
import type { CheckReport, FlightRecord } from '@myswitch/orchestrator';
import {
  ACCOUNTS,
  type Cluster,
  type Kind,
  type MySwitch,
  type TestServer,
  caughtUp,
  createCertificates,
  createCluster,
  poolConfig,
  startMySwitch,
  temporaryFolder,
  until,
} from '@myswitch/testkit';
import type { Driver } from './driver';
import { Job } from './job';
import { SCHEMA } from './data';

const PASSWORD = 'driver-secret';

/** An account for each driver: what blocks a switch is then named by its driver. */
export const accountOf = ({ name }: Driver): string => `app_${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}`;

export type Run = 'direct' | 'through' | 'switched';

/** Equally long: the C clients print how long the longest value of a column is, and draw their tables that wide. */
const SUFFIX: Readonly<Record<Run, string>> = { direct: 'd', through: 't', switched: 's' };

/** The last switch ended a second ago, and its replicas follow again. */
const FIT_WITHIN_MS = 8000;
/** A session is settled and unpinned right after its reply. */
const UNBLOCKED_WITHIN_MS = 1500;

/** A pair of servers, `myswitch start` before it, and what the drivers need on them. */
export class DriverStage {
  readonly kind: Kind;
  readonly cluster: Cluster;
  readonly mySwitch: MySwitch;
  readonly port: number;
  readonly #ca: string;
  readonly #infile: string;
  readonly #admin: Connection;
  #primary: TestServer;

  private constructor(
    cluster: Cluster,
    mySwitch: MySwitch,
    admin: Connection,
    at: { port: number; ca: string; infile: string },
  ) {
    this.kind = cluster.kind;
    this.cluster = cluster;
    this.mySwitch = mySwitch;
    this.port = at.port;
    this.#ca = at.ca;
    this.#infile = at.infile;
    this.#admin = admin;
    this.#primary = cluster.nodes[0]!;
  }

  static async set(kind: Kind, drivers: readonly Driver[], workers = 2): Promise<DriverStage> {
    const extra = ['local_infile=ON', 'max_allowed_packet=64M', 'max_connections=1000'];
    const cluster = await createCluster({ kind, replicas: 1, tls: true, extra });
    const [primary, replica] = cluster.nodes as readonly [TestServer, TestServer];
    const folder = temporaryFolder('drivers');
    const infile = join(folder, 'lines.txt');
    writeFileSync(infile, 'line 1\nline zwei é\nline 3 😀\n');
    for (const user of drivers.map(accountOf)) {
      await primary.sql(`CREATE USER '${user}'@'%' IDENTIFIED BY '${PASSWORD}'`);
      await primary.sql(`GRANT ALL ON \`${user}%\`.* TO '${user}'@'%'`);
    }
    await caughtUp(primary, [replica]);
    const { caFile, certFile, keyFile } = createCertificates(join(folder, 'tls'));
    const { config, ports } = await poolConfig(
      cluster,
      {
        users: [ACCOUNTS.app, ...drivers.map((driver) => ({ user: accountOf(driver), password: PASSWORD }))].map(
          ({ user, password }) => ({ name: user, password }),
        ),
        tls: { cert: certFile, key: keyFile },
        backend: { min: 1, max: 8 },
        switch: { drain: '5s' },
        hold: { max: '20s' },
      },
      workers,
    );
    const mySwitch = await startMySwitch({ config });
    const login = { user: 'admin', password: 'admin-secret' };
    const admin = await createConnection({ host: '127.0.0.1', port: ports.admin, ...login });
    return new DriverStage(cluster, mySwitch, admin, { port: ports.pool, ca: caFile, infile });
  }

  async strike(): Promise<void> {
    this.#admin.destroy();
    await this.mySwitch.stop();
    for (const server of this.cluster.nodes) await server.remove();
  }

  get primary(): TestServer {
    return this.#primary;
  }

  /** A job in fresh schemas: straight to the primary, or through MySwitch. */
  async job(driver: Driver, run: Run): Promise<Job> {
    const user = accountOf(driver);
    const database = `${user}_${SUFFIX[run]}`;
    const connection = await this.#primary.connect();
    for (const schema of [`${database}_b`, database]) {
      await connection.query(`DROP DATABASE IF EXISTS ${schema}`);
      await connection.query(`CREATE DATABASE ${schema} DEFAULT CHARACTER SET utf8mb4`);
      await connection.query(`USE ${schema}`);
    }
    for (const statement of SCHEMA) await connection.query(statement);
    await connection.end();
    const { host, port } = run === 'direct' ? this.#primary : { host: '127.0.0.1', port: this.port };
    return new Job({
      driver,
      session: await driver.open(),
      connect: { host, port, user, password: PASSWORD, database },
      otherDatabase: `${database}_b`,
      ca: run === 'direct' ? join(this.#primary.dir, 'ca.pem') : this.#ca,
      infile: this.#infile,
    });
  }

  /** `npx myswitch switch` to the other node, when nothing blocks it for longer than a moment. */
  async switch(): Promise<FlightRecord | CheckReport['blocking']> {
    const to = this.cluster.nodes.find((node) => node !== this.#primary)!;
    const { blocking } = await this.#fit(to);
    if (blocking.length > 0) return blocking;
    const { json, stdout, stderr } = await this.mySwitch.cli('switch', 'shop', '--to', to.name, '--json');
    if (json === undefined) throw new Error(`myswitch switch: ${stdout}${stderr}`);
    const record = json as FlightRecord;
    if (record.result === 'switched') this.#primary = to;
    return record;
  }

  /** Waits until every guardrail lets the pool go to `to`; what stays wrong, the switch itself says. */
  async #fit(to: TestServer): Promise<CheckReport> {
    let report: CheckReport | null = null;
    const since = Date.now();
    const decided = async (): Promise<true | null> => {
      const [rows] = await this.#admin.query<RowDataPacket[]>(`CHECK SWITCH POOL shop TO ${to.name}`);
      report = JSON.parse(String(rows.at(-1)?.['message'])) as CheckReport;
      if (report.blocking.length > 0) return Date.now() - since > UNBLOCKED_WITHIN_MS ? true : null;
      return report.answer === 'go' ? true : null;
    };
    await until(`${to.name} is fit`, decided, FIT_WITHIN_MS).catch(() => undefined);
    return report!;
  }
}
