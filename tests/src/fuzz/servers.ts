import { createCluster, type Kind, type TestServer, until } from '@myswitch/testkit';
import { Capability, Command } from '@myswitch/protocol';
import { POOL, startPlane, type TestPlane } from '../support/plane';
import { RawClient } from '../support/raw-client';
import { CalmSession } from './calm-session';
import { crowd, type CrowdFigures } from './crowd';
import { heapInUse } from './heap';
import type { Scale } from './clients';
import { HostileServer } from './hostile-server';
import { Random } from './random';

const MIB = 1 << 20;
const WIDTH = 12;
const SLOW_MS = 3000;
/** A client's patience with a server that answers nothing, or never ends. */
const PATIENCE_MS = 200;
const PATIENCE_BYTES = 4 * MIB;
/** Waits for a login to a server (10 s) and for a place in the queue (10 s) are the longest that there are. */
const HANGS_MS = 25_000;

/** A real server behind somebody who spoils what it says. */
export function hostileServerTests(kind: Kind, seed: number, { inputs, maxMs }: Scale): void {
  let server: TestServer;
  let hostile: HostileServer;
  let plane: TestPlane;
  let other: TestPlane;

  beforeAll(async () => {
    server = (await createCluster({ kind, replicas: 0 })).nodes[0]!;
    await server.sql('CREATE TABLE shop.t (id INT PRIMARY KEY, v TEXT)');
    await server.sql(`INSERT INTO shop.t VALUES (1, 'one'), (2, 'two')`);
    hostile = await HostileServer.before(server);
    const before = { name: 'hostile', host: '127.0.0.1', port: hostile.port };
    plane = await startPlane({
      nodes: [before, server],
      hold: { maxMs: 3000, clients: 1000, bytes: 64 * MIB },
      backend: { min: 1, max: 2 * WIDTH },
    });
    other = await startPlane({ nodes: [server] });
  });
  afterAll(async () => {
    hostile?.close();
    await plane?.stop();
    await other?.stop();
  });

  const visits = (most: Scale, from: number): Promise<CrowdFigures> => {
    hostile.random = new Random(from);
    hostile.cut(); // those that were opened before are honest
    return crowd({ seed: from, width: WIDTH, ...most }, (random) => visit(random, plane.port, hostile));
  };

  test(
    `a hostile server (seed ${seed})`,
    async () => {
      await (await plane.connect()).query('SELECT 1'); // while it is honest it is learned what it is like
      await plane.disconnectAll();
      const calm = await CalmSession.start(await other.connect());
      const warm = await visits({ inputs: inputs / 10, maxMs: maxMs / 5 }, seed + (1 << 24));
      const before = heapInUse();
      const peak = process.resourceUsage().maxRSS;
      hostile.lies = 0;
      const figures = await visits({ inputs, maxMs }, seed);
      const { lies } = hostile;
      hostile.random = null;
      hostile.cut();
      RawClient.closeAll();
      await until('the sessions end', async () => ((await plane.sessions()).length === 0 ? true : null), HANGS_MS);
      await until(
        'no backend is held',
        async () => ((await plane.backends()).some(({ state }) => state === 'HELD') ? null : true),
        HANGS_MS,
      );
      await calm.end();
      const grown = heapInUse() - before;
      const peakMib = (process.resourceUsage().maxRSS - peak) / 1024;
      process.stdout.write(
        `${kind}, hostile server: ${lies} lies to ${figures.peers} clients, ${figures.seconds.toFixed(0)} s; calm session: ${calm.asked} ` +
          `statements, slowest ${calm.slowestMs.toFixed(0)} ms; heap ${(grown / MIB).toFixed(1)} MiB, peak ${peakMib.toFixed(0)} MiB\n`,
      );
      expect([...warm.failures, ...figures.failures]).toEqual([]);
      const failed = plane.log.filter(
        ({ level, message }) => level === 'error' && message !== 'a reply could not be understood',
      );
      expect(failed).toEqual([]);
      expect(lies).toBeGreaterThan(20);
      expect(calm.slowestMs).toBeLessThan(SLOW_MS);
      expect(grown).toBeLessThan(30 * MIB);
      expect(peakMib).toBeLessThan(300);
      await other.disconnectAll();
      await other.checkInvariants();
      // honest again, and on another node
      await (await plane.connect()).query('SELECT 1');
      await plane.activate(server.name);
      await (await plane.connect()).query('SELECT 1');
      expect((await plane.plane.stats(POOL)).held).toBe(0);
    },
    2 * maxMs + 180_000,
  );
}

/** A client with ordinary statements, whose server is hostile: whatever comes, its connection can be ended. Counts lies. */
async function visit(random: Random, port: number, hostile: HostileServer): Promise<number> {
  const before = hostile.lies;
  const client = await within(
    RawClient.connect({ port, ...form(random) }).catch((error: NodeJS.ErrnoException & { errno?: number }) => {
      // an honest error, or the end
      if (error.errno === undefined && !/closed|ECONN/.test(error.message)) throw error;
      return null;
    }),
    'a login is not answered',
  );
  if (client === null) return Math.max(1, hostile.lies - before);
  const { socket } = client;
  let received = 0;
  let arrived: () => void = () => undefined;
  socket.removeAllListeners('data').on('data', (chunk) => {
    received += chunk.length;
    arrived();
  });
  if (random.once(10)) socket.pause();
  for (let left = random.below(8); left > 0 && !socket.destroyed && received < PATIENCE_BYTES; left--) {
    say(client, random);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, PATIENCE_MS);
      arrived = () => {
        clearTimeout(timer);
        resolve();
      };
      void client.ended.then(arrived);
    });
  }
  if (random.once(2)) client.send(Command.QUIT);
  client.close();
  await within(client.ended, 'a connection does not end');
  return Math.max(1, hostile.lies - before);
}

function form(random: Random): { add: number; without: number } {
  return {
    add: random.once(3) ? Capability.SESSION_TRACK | Capability.MULTI_STATEMENTS : 0,
    without: random.once(2) ? Capability.DEPRECATE_EOF : 0,
  };
}

const STATEMENTS = [
  'SELECT * FROM shop.t',
  'SELECT @a := 1, @b := 2',
  `SET NAMES utf8mb4 COLLATE utf8mb4_bin, @c = 'x', SESSION time_zone = '+01:00'`,
  `INSERT INTO shop.t VALUES (1, 'one')`,
  'BEGIN',
  'COMMIT',
  'CREATE TEMPORARY TABLE shop.tt (a INT)',
  'USE shop',
  'SELECT LAST_INSERT_ID(), FOUND_ROWS()',
  `LOAD DATA LOCAL INFILE '/none' INTO TABLE shop.t`,
  'no statement',
];

function say(client: RawClient, random: Random): void {
  switch (random.below(6)) {
    case 0:
      client.send(Command.STMT_PREPARE, 'SELECT ?, v FROM shop.t WHERE id = ?');
      return;
    case 1:
      client.send(
        Command.STMT_EXECUTE,
        Buffer.of(1, 0, 0, 0, random.below(2), 1, 0, 0, 0, 0, 1, 3, 0, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0),
      );
      return;
    case 2:
      client.send(random.pick([Command.RESET_CONNECTION, Command.PING, Command.STATISTICS]));
      return;
    default:
      client.send(Command.QUERY, random.pick(STATEMENTS));
  }
}

function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(what)), HANGS_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
