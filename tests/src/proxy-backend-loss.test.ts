import { type TestServer, createCluster, sleep } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';
import { Relay } from './support/relay';

/** Node turns a rejection that nobody handles into the end of the process. */
const unhandled: unknown[] = [];
const note = (reason: unknown): number => unhandled.push(reason);

describeKinds('a connection to the server ends at an awkward moment', (kind) => {
  let server: TestServer;
  let relay: Relay;
  let plane: TestPlane;

  beforeAll(async () => {
    process.on('unhandledRejection', note);
    server = (await createCluster({ kind, replicas: 0 })).nodes[0]!;
    await server.sql('CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY)');
  });

  afterAll(() => {
    process.off('unhandledRejection', note);
  });

  beforeEach(async () => {
    relay = await Relay.to(server);
  });

  afterEach(async () => {
    await sleep(20);
    expect(unhandled.splice(0)).toEqual([]);
    await plane.checkInvariants();
    await plane.stop();
    relay.close();
  });

  async function start(backends: number): Promise<void> {
    const node = { ...server, name: server.name, host: '127.0.0.1', port: relay.port } as TestServer;
    plane = await startPlane({ nodes: [node], backend: { min: backends, max: backends } });
  }

  test('while it is made to mean the same: the command runs on another one', async () => {
    await start(1);
    const inserts = await plane.connect({ database: 'shop' });
    const other = await plane.connect({ database: 'shop' });
    await other.query('SET @x = 5');
    await inserts.query('INSERT INTO t VALUES ()');
    relay.hold();
    const answer = other.query('SELECT @x AS x');
    await sleep(50);
    relay.cut();
    expect((await answer)[0]).toEqual([{ x: 5 }]);
  });
});
