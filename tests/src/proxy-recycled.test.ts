import { type TestServer, createCluster, until } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';
import { RawClient } from './support/raw-client';

const UTF8MB4_GENERAL_CI = 45;
const STATE =
  "SELECT CONCAT_WS(' ', @@pseudo_thread_id, @@character_set_client, @@character_set_connection, @@character_set_results, " +
  '@@collation_connection, @@sql_mode, @@autocommit, @@wait_timeout)';

describeKinds('the connection of a client that left in a transaction', (kind) => {
  let server: TestServer;
  let plane: TestPlane;

  beforeAll(async () => {
    server = (await createCluster({ kind, replicas: 0 })).nodes[0]!;
    await server.sql('CREATE TABLE shop.t (id INT PRIMARY KEY)');
    plane = await startPlane({ nodes: [server], backend: { min: 1, max: 1 } });
  });

  afterEach(() => RawClient.closeAll());
  afterAll(() => plane.stop());

  test('is as a new one for the next', async () => {
    const options = { port: plane.port, database: 'shop', characterSet: UTF8MB4_GENERAL_CI };
    const first = await RawClient.connect(options);
    const fresh = await first.values(STATE);
    await first.query("SET SESSION sql_mode = '', wait_timeout = 77");
    await first.query('BEGIN');
    await first.query('INSERT INTO t VALUES (1)');
    first.close();
    await until('it is gone', async () => ((await plane.sessions()).length === 0 ? true : null));
    const second = await RawClient.connect(options);
    expect(await second.values(STATE)).toEqual(fresh);
    expect(await second.values('SELECT COUNT(*) FROM t')).toEqual(['0']);
  });

  test('tells nobody what was set by a statement that nobody has read back, for the sake of its warnings', async () => {
    const options = { port: plane.port, database: 'shop', characterSet: UTF8MB4_GENERAL_CI };
    const first = await RawClient.connect(options);
    await first.query("SELECT @left := 7, CAST('1x' AS SIGNED)");
    first.close();
    await until('it is gone', async () => ((await plane.sessions()).length === 0 ? true : null));
    const second = await RawClient.connect(options);
    expect(await second.values('SELECT @left IS NULL')).toEqual(['1']);
  });
});
