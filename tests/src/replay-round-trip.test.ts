import { type TestServer, caughtUp, createCluster } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';
import { Relay } from './support/relay';

describeKinds('what a move costs a session', (kind) => {
  let servers: readonly TestServer[];
  let relay: Relay;
  let plane: TestPlane;

  beforeAll(async () => {
    servers = (await createCluster({ kind, replicas: 1 })).nodes;
    await servers[0]!.sql('CREATE TABLE shop.t (id INT PRIMARY KEY, v INT)');
    await caughtUp(servers[0]!, servers.slice(1));
    relay = await Relay.to(servers[1]!);
    const behind: TestServer = Object.create(servers[1]!, { port: { value: relay.port } });
    plane = await startPlane({ nodes: [servers[0]!, behind], backend: { min: 1, max: 4 } });
  });

  afterAll(async () => {
    await plane.stop();
    relay.close();
  });

  test('schema, five variables and each statement in use: one round trip, then the command', async () => {
    const client = await plane.connect({ database: 'shop' });
    await client.query(
      "SET SESSION time_zone = '+01:00', sql_mode = 'ANSI_QUOTES', group_concat_max_len = 2048, sort_buffer_size = 65536, @mine = 5",
    );
    const texts = [
      'SELECT v FROM t WHERE id = ?',
      'SELECT id FROM t WHERE v = ?',
      'SELECT COUNT(*) AS n FROM t WHERE v > ?',
    ];
    for (const text of texts) await client.execute(text, [1]);
    await plane.plane.warm('shop', servers[1]!.name, 5000);
    await plane.hold();
    expect(await plane.drained()).toEqual({ drained: true });
    await plane.release(servers[1]!.name);
    for (const text of texts) {
      // each turn of the talk: what the proxy says until the server has answered
      let turns = 0;
      let speaking = false;
      relay.sent = (_text, connection) => {
        if (!speaking) turns += 1;
        speaking = true;
        connection.rewrite = (chunk) => {
          speaking = false;
          return chunk;
        };
      };
      await client.execute(text, [1]);
      relay.sent = () => undefined;
      expect({ text, turns }).toEqual({ text, turns: 2 });
    }
    const [rows] = await client.query('SELECT @mine AS mine, @@time_zone AS zone, DATABASE() AS name');
    expect(rows).toEqual([{ mine: 5, zone: '+01:00', name: 'shop' }]);
  });
});
