import { type TestServer, createCluster, sleep } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';

describeKinds('holds that follow each other', (kind) => {
  let server: TestServer;
  let plane: TestPlane;

  beforeAll(async () => {
    server = (await createCluster({ kind, replicas: 0 })).nodes[0]!;
    await server.sql('CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY)');
    plane = await startPlane({ nodes: [server] });
  });

  afterAll(() => plane.stop());

  test('the deadline of one that was given up does not end the next one', async () => {
    const client = await plane.connect({ database: 'shop' });
    await client.query('BEGIN');
    await client.query('INSERT INTO t VALUES ()');
    await plane.hold();
    const givenUp = plane.drained(300);
    await plane.release(server.name);
    await plane.hold();
    const drained = plane.drained(3000);
    expect(await givenUp).toMatchObject({ drained: false });
    await sleep(50);
    const start = performance.now();
    await client.query('COMMIT');
    expect(await drained).toEqual({ drained: true });
    expect(performance.now() - start).toBeLessThan(1000);
    await plane.release(server.name);
    await plane.checkInvariants();
  });
});
