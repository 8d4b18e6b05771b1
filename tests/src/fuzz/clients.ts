import { readFileSync } from 'node:fs';
import { createCertificates, createCluster, type Kind, temporaryFolder, type TestServer } from '@myswitch/testkit';
import { RawClient } from '../support/raw-client';
import { startPlane, type TestPlane } from '../support/plane';
import { CalmSession } from './calm-session';
import { crowd, type CrowdFigures } from './crowd';
import { heapInUse } from './heap';
import { hostileClient } from './hostile-client';

const MIB = 1 << 20;
const WIDTH = 24;
/** Of one statement, on a machine that does all of this at once. */
const SLOW_MS = 3000;
const CALM = { user: 'calm', password: 'calm-secret' };

export interface Scale {
  readonly inputs: number;
  readonly maxMs: number;
}

/** Hostile clients in front of a real server. */
export function hostileClientsTests(kind: Kind, seed: number, { inputs, maxMs }: Scale): void {
  let server: TestServer;
  let plane: TestPlane;

  beforeAll(async () => {
    server = (await createCluster({ kind, replicas: 0 })).nodes[0]!;
    await server.sql('CREATE TABLE shop.t (id INT PRIMARY KEY, v TEXT)');
    await server.sql(`INSERT INTO shop.t VALUES (1, 'one'), (2, 'two')`);
    await server.sql(`CREATE USER 'calm'@'%' IDENTIFIED BY '${CALM.password}'`);
    const { certFile, keyFile } = createCertificates(temporaryFolder('fuzz-tls'));
    plane = await startPlane({
      nodes: [server],
      tls: { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), ca: null },
      users: [
        { name: 'app', password: 'app-secret' },
        { name: CALM.user, password: CALM.password },
      ],
      backend: { min: 1, max: 2 * WIDTH },
    });
  });
  afterAll(() => plane.stop());

  const visits = (most: Scale, from: number): Promise<CrowdFigures> =>
    crowd({ seed: from, width: WIDTH, ...most }, (random) => hostileClient(random, plane.port));

  test(
    `hostile clients (seed ${seed})`,
    async () => {
      const connection = await plane.connect(CALM);
      const calm = await CalmSession.start(connection);
      // caches and code that is compiled are not growth
      const warm = await visits({ inputs: inputs / 10, maxMs: maxMs / 10 }, seed + (1 << 24));
      await plane.disconnectAllBut(connection);
      const before = heapInUse();
      const figures = await visits({ inputs, maxMs }, seed);
      await calm.end();
      RawClient.closeAll();
      await plane.disconnectAll();
      const grown = heapInUse() - before;
      process.stdout.write(
        `${kind}, hostile clients: ${figures.inputs} messages of ${figures.peers} clients, ${figures.seconds.toFixed(0)} s; ` +
          `calm session: ${calm.asked} statements, slowest ${calm.slowestMs.toFixed(0)} ms; heap ${(grown / MIB).toFixed(1)} MiB\n`,
      );
      expect([...warm.failures, ...figures.failures]).toEqual([]);
      expect(figures.inputs).toBeGreaterThan(100);
      expect(calm.slowestMs).toBeLessThan(SLOW_MS);
      expect(grown).toBeLessThan(30 * MIB);
      await plane.checkInvariants();
      const after = await plane.connect({ database: 'shop' });
      await after.query('SELECT * FROM t');
    },
    2 * maxMs + 120_000,
  );
}
