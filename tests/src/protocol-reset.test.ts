import {
  Capability,
  cachingSha2Response,
  type ChangeUser,
  Command,
  decodeAuthSwitch,
  encodeChangeUser,
  nativeResponse,
} from '@myswitch/protocol';
import { ACCOUNTS, type TestServer, createCluster } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';
import { RawClient } from './support/raw-client';

const LATIN1_GERMAN1_CI = 5;
const STATE = `SELECT CONCAT_WS('|', @@character_set_client, @@character_set_results, @@character_set_connection,
  @@collation_connection, @@sql_mode, @@wait_timeout, DATABASE(), IFNULL(@a, 'none'))`;

describeKinds('COM_RESET_CONNECTION and COM_CHANGE_USER', (kind) => {
  let server: TestServer;
  let plane: TestPlane;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 0, extra: ['interactive_timeout=1234'] });
    server = cluster.nodes[0]!;
    plane = await startPlane({ nodes: [server], backend: { min: 1, max: 2 } });
  });
  afterEach(async () => {
    RawClient.closeAll();
    await plane.disconnectAll();
    await plane.checkInvariants();
  });
  afterAll(() => plane.stop());

  test.each([
    ['idle', []],
    ['in a transaction', ['BEGIN']],
    ['with a temporary table', ['CREATE TEMPORARY TABLE tmp (id INT)']],
    ['after a change of its mode', [`SET sql_mode = 'ANSI', NAMES utf8mb4, wait_timeout = 99`]],
  ])('makes a session new as the server does, %s', async (_, before) => {
    const options = {
      database: 'shop',
      characterSet: LATIN1_GERMAN1_CI,
      add: Capability.IGNORE_SPACE | Capability.INTERACTIVE,
    };
    const pair = [
      await RawClient.connect({ ...options, port: plane.port }),
      await RawClient.connect({ ...options, port: server.port }),
    ];
    const states = await Promise.all(
      pair.map(async (one) => {
        const seen = [await one.values(STATE)];
        for (let round = 0; round < 2; round++) {
          for (const sql of before) await one.query(sql);
          await one.query(`SET @a = 'mine'`);
          one.send(Command.RESET_CONNECTION);
          expect((await one.single()).error).toBeNull();
          seen.push(await one.values(STATE));
        }
        return seen;
      }),
    );
    expect(states[0]).toEqual(states[1]);
    // and on another backend
    await Promise.all([1, 2].map(async () => (await plane.connect()).query('SELECT SLEEP(0.05)')));
    expect(await pair[0]!.values(STATE)).toEqual(states[1]!.at(-1));
    for (const one of pair) await changeUser(one);
    expect(await pair[0]!.values(STATE)).toEqual(await pair[1]!.values(STATE));
  });

  async function changeUser(client: RawClient): Promise<void> {
    const message: ChangeUser = {
      user: ACCOUNTS.app.user,
      authResponse: Buffer.alloc(0),
      database: 'shop',
      characterSet: LATIN1_GERMAN1_CI,
      authPlugin: kind === 'mysql' ? 'caching_sha2_password' : 'mysql_native_password',
      attributes: null,
    };
    client.sendPacket(encodeChangeUser(message, Capability.SECURE_CONNECTION | Capability.PLUGIN_AUTH), 0);
    const { plugin, data } = decodeAuthSwitch(await client.packet(1));
    const password = Buffer.from(ACCOUNTS.app.password);
    const nonce = data.subarray(0, 20);
    const native = plugin === 'mysql_native_password';
    const response = native ? nativeResponse({ kind: 'clear', password }, nonce) : cachingSha2Response(password, nonce);
    client.sendPacket(response, 2);
    const answer = await client.packet(3);
    if (answer[0] === 1) await client.packet(4);
    else expect(answer[0]).toBe(0);
  }
});
