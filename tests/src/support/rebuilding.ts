import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { cloneGrantStatements, type RebuildOptions } from '@myswitch/orchestrator';
import {
  ACCOUNTS,
  type Cluster,
  fetchTool,
  freePort,
  type Kind,
  temporaryFolder,
  type TestServer,
  until,
} from '@myswitch/testkit';

const SCRIPT = resolve(__dirname, '../../../docs/examples/rebuild/mariadb-backup.sh');
const BACKUP = { user: 'backup', password: 'backup-secret' };

/** What a copy needs besides a pool: the grants, the plugin or the program, and somebody who starts servers. */
export class Rebuilding {
  readonly options: RebuildOptions;
  /** For the ACTIVE; its replicas get them by replication. */
  readonly grants: readonly string[];
  readonly #kind: Kind;
  readonly #starter: Server | null;

  private constructor(kind: Kind, command: readonly string[] | null, starter: Server | null) {
    this.#kind = kind;
    this.options = { command, timeoutMs: 60_000, restartMs: 15_000 };
    this.grants =
      kind === 'mysql'
        ? cloneGrantStatements(ACCOUNTS.control.user)
        : [
            `CREATE USER '${BACKUP.user}'@'127.0.0.1' IDENTIFIED BY '${BACKUP.password}'`,
            `GRANT RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR, SLAVE MONITOR ON *.* TO '${BACKUP.user}'@'127.0.0.1'`,
          ];
    this.#starter = starter;
  }

  /** For every server of the cluster. */
  static myCnf(kind: Kind): readonly string[] {
    return kind === 'mysql' ? ['plugin-load-add=mysql_clone.so'] : [];
  }

  /** `program`: MySQL too is copied by one. */
  static async of(cluster: Cluster, program = false): Promise<Rebuilding> {
    if (cluster.kind === 'mysql' && !program) return new Rebuilding('mysql', null, null);
    const starter = await startStarter(cluster);
    if (cluster.kind === 'mysql')
      return new Rebuilding('mysql', ['bash', '-c', COPY, 'copy', String(portOf(starter))], starter);
    return new Rebuilding('mariadb', [SCRIPT, await settings(cluster, starter)], starter);
  }

  /** What `myCnf` would have done, on servers that run. */
  async equip({ nodes }: Cluster): Promise<void> {
    if (this.#kind !== 'mysql') return;
    for (const node of nodes) {
      const admin = await node.connect({ multipleStatements: true });
      await admin.query(
        "SET @closed = @@GLOBAL.super_read_only; SET GLOBAL super_read_only = 0; INSTALL PLUGIN clone SONAME 'mysql_clone.so'; SET GLOBAL super_read_only = @closed",
      );
      await admin.end();
    }
  }

  /** Nothing watches a test server: MySQL's clone leaves it to us to start it again. */
  async restarts(server: TestServer): Promise<void> {
    if (this.options.command !== null) return;
    await until(`${server.name} has shut down`, () => Promise.resolve(server.pid === null ? true : null));
    await server.start();
  }

  async end(): Promise<void> {
    if (this.#starter !== null) await new Promise((done) => this.#starter?.close(done));
  }
}

/** For the starter below. */
const COPY = 'exec 3<>/dev/tcp/127.0.0.1/$1; echo "copy $MYSWITCH_NODE $MYSWITCH_DONOR" >&3; cat <&3';

/** Puts a clone of `donor` in the place of `node`, and makes it forget which transactions it has. Resolves with them. */
async function copyOf(node: TestServer, donor: TestServer): Promise<string> {
  const copy = join(temporaryFolder('copy'), 'data');
  await donor.sql(`CLONE LOCAL DATA DIRECTORY = '${copy}'`);
  await node.stop();
  rmSync(join(node.dir, 'data'), { recursive: true });
  renameSync(copy, join(node.dir, 'data'));
  await node.start();
  const [row] = await node.sql('SELECT @@GLOBAL.gtid_executed AS gtid');
  await node.sql('SET GLOBAL super_read_only = 0');
  await node.sql('RESET BINARY LOGS AND GTIDS');
  return JSON.stringify(row);
}

/** Starts and stops servers of the cluster for a script: `start db1`, which answers when it is done. */
async function startStarter({ nodes }: Cluster): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (order: Buffer) => {
      const [verb, ...names] = order.toString().trim().split(' ');
      const [node, donor] = names.map((name) => nodes.find((each) => each.name === name)!);
      const works: Record<string, () => Promise<string | void>> = {
        start: () => node!.start(),
        stop: () => node!.stop(),
        copy: () => copyOf(node!, donor!),
      };
      works[verb ?? '']!().then(
        (told) => socket.end(`${told ?? 'done'}\n`),
        (error: Error) => socket.end(`${error.message}\n`),
      );
    });
  });
  const port = await freePort();
  server.unref();
  return new Promise((done, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => done(server));
  });
}

/** Of docs/examples/rebuild/mariadb-backup.sh, for servers that all run on this machine. */
async function settings({ nodes }: Cluster, starter: Server): Promise<string> {
  const folder = temporaryFolder('rebuild');
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const { command, args } = await fetchTool('mariadb-backup');
  for (const name of ['mariadb-backup', 'mbstream']) {
    const words = [command, ...args].map((word) => word.replace(/mariadb-backup$/, name));
    writeFileSync(join(bin, name), `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const file = join(folder, 'settings.sh');
  const folders = nodes.map(({ name, dir }) => `${name}) echo '${join(dir, 'data')}' ;;`).join(' ');
  writeFileSync(
    file,
    [
      `export PATH='${bin}':"$PATH" TMPDIR='${folder}'`,
      'on_node() { bash -c "$1"; }',
      'on_donor() { bash -c "$1"; }',
      `data_of() { case $1 in ${folders} esac; }`,
      `tell() { exec 3<>/dev/tcp/127.0.0.1/${portOf(starter)}; echo "$1 $2" >&3; read -r answer <&3; [ "$answer" = done ]; }`,
      'export -f tell',
      'data=$(data_of "$MYSWITCH_NODE") donor_data=$(data_of "$MYSWITCH_DONOR")',
      'owner=$(id -un)',
      'stop="tell stop $MYSWITCH_NODE" start="tell start $MYSWITCH_NODE"',
      `backup="mariadb-backup --no-defaults --host=127.0.0.1 --port=$MYSWITCH_DONOR_PORT --user=${BACKUP.user} --password=${BACKUP.password}"`,
      "prepare='mariadb-backup --no-defaults'",
      '',
    ].join('\n'),
  );
  return file;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
