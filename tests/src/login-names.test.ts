import {
  Capability,
  Command,
  decodeErr,
  decodeOk,
  decodeTrackers,
  encodeChangeUser,
  encodeHandshakeResponse,
} from '@myswitch/protocol';
import { ACCOUNTS, type TestServer, caughtUp, createCluster } from '@myswitch/testkit';
import { accountRows } from './support/account-rows';
import { describeKinds } from './support/kinds';
import { POOL, type TestPlane, startPlane } from './support/plane';
import { RawClient } from './support/raw-client';

const USER = 'jürgen';
const SCHEMA = 'größe';
const CAPABILITIES =
  (Capability.LONG_PASSWORD |
    Capability.PROTOCOL_41 |
    Capability.TRANSACTIONS |
    Capability.SECURE_CONNECTION |
    Capability.CONNECT_WITH_DB |
    Capability.MULTI_RESULTS |
    Capability.PLUGIN_AUTH |
    Capability.SESSION_TRACK |
    Capability.DEPRECATE_EOF) >>>
  0;
const LATIN1 = { characterSet: 8, encoding: 'latin1' } as const;
const UTF8 = { characterSet: 45, encoding: 'utf8' } as const;
const OF_SERVER = 'SELECT CONCAT_WS(0x2f, HEX(DATABASE()), HEX(CURRENT_USER()), @@server_id)';

interface Charset {
  readonly characterSet: number;
  readonly encoding: 'latin1' | 'utf8';
}

/** Bytes of a name in the client's character set, as latin1. */
const bytes = (name: string, { encoding }: Charset): string => Buffer.from(name, encoding).toString('latin1');

/** Names that are not ASCII come in the character set that the client's message names, and servers keep them in UTF-8. */
describeKinds('names in the character set of the client', (kind) => {
  let server: TestServer;
  let replica: TestServer;
  let plane: TestPlane;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 1 });
    [server, replica] = cluster.nodes as [TestServer, TestServer];
    await server.sql(`CREATE DATABASE ${SCHEMA}`);
    await server.sql(`CREATE TABLE ${SCHEMA}.t (id INT)`);
    await server.sql(`CREATE USER ${USER} IDENTIFIED BY ''`);
    await server.sql(`GRANT ALL ON *.* TO ${USER}`);
    await server.sql(`CREATE USER plain IDENTIFIED BY ''`);
    await server.sql('GRANT SELECT ON shop.* TO plain');
    await caughtUp(server, [replica]);
    const { user: name, password } = ACCOUNTS.control;
    plane = await startPlane({ nodes: [server, replica], users: [], control: { name, password } });
    await plane.plane.accounts(POOL, await accountRows(server));
  });
  afterEach(async () => {
    RawClient.closeAll();
    await plane.checkInvariants();
  });
  afterAll(() => plane.stop());

  /** What a login comes to: the schema that its OK tells, or the error. */
  const result = (payload: Buffer): unknown => {
    if (payload[0] === 0xff) {
      const { code, sqlState, message } = decodeErr(payload);
      return code === 1231 ? { code, sqlState, message } : { code, sqlState };
    }
    const { trackers } = decodeOk(payload, CAPABILITIES);
    return trackers === null ? [] : decodeTrackers(trackers);
  };
  const login = async (
    port: number,
    charset: Charset,
    user = USER,
    schema = SCHEMA,
  ): Promise<{ client: RawClient; outcome: unknown }> => {
    const client = await RawClient.open({ port });
    const { authPlugin } = await client.greeting();
    const head = { capabilities: CAPABILITIES, maxPacket: 1 << 24, mariadbCapabilities: 0, attributes: null };
    const names = { user: bytes(user, charset), database: bytes(schema, charset) };
    const { characterSet } = charset;
    const response = { ...head, ...names, characterSet, authPlugin, authResponse: Buffer.alloc(0) };
    client.sendPacket(encodeHandshakeResponse(response), 1);
    const first = await client.packet(2);
    if (first[0] !== 0xfe) return { client, outcome: result(first) };
    // MySQL asks an unknown user for a plugin by lot
    client.sendPacket(Buffer.alloc(1), 3);
    return { client, outcome: result(await client.packet(4)) };
  };
  const changeUser = async (client: RawClient, charset: Charset, user = USER, schema = SCHEMA): Promise<unknown> => {
    const names = { user: bytes(user, charset), database: bytes(schema, charset) };
    const { characterSet } = charset;
    const authPlugin = kind === 'mysql' ? 'caching_sha2_password' : 'mysql_native_password';
    const message = { ...names, characterSet, authPlugin, authResponse: Buffer.alloc(0), attributes: null };
    client.sendPacket(encodeChangeUser(message, CAPABILITIES), 0);
    const first = await client.packet(1);
    if (first[0] !== 0xfe) return result(first);
    client.sendPacket(Buffer.alloc(0), 2);
    return result(await client.packet(3));
  };
  const both = async (run: (port: number) => Promise<unknown>): Promise<unknown> => {
    const direct = await run(server.port);
    expect(await run(plane.port)).toEqual(direct);
    return direct;
  };
  const move = async (to: TestServer): Promise<void> => {
    await plane.hold();
    expect(await plane.drained()).toEqual({ drained: true });
    await plane.release(to.name);
  };

  test.each([LATIN1, UTF8])('at login, %j', async (charset) => {
    const told = await both(async (port) => {
      const { client, outcome } = await login(port, charset);
      return [outcome, await client.values(OF_SERVER)];
    });
    const inUtf8 = (name: string): string => Buffer.from(name).toString('hex').toUpperCase();
    expect(told).toEqual([[{ kind: 'schema', name: SCHEMA }], [`${inUtf8(SCHEMA)}/${inUtf8(`${USER}@%`)}/1`]]);
    expect(await both(async (port) => (await login(port, charset, 'jörgen')).outcome)).toMatchObject({ code: 1045 });
    expect(await both(async (port) => (await login(port, charset, USER, 'grösse')).outcome)).toMatchObject({
      code: 1049,
    });
  });

  test.each([
    [LATIN1, LATIN1],
    [LATIN1, UTF8],
    [UTF8, LATIN1],
  ])('at COM_CHANGE_USER, %j to %j', async (before, after) => {
    const told = await both(async (port) => {
      const { client } = await login(port, before, USER, 'shop');
      return [await changeUser(client, after), await client.values(OF_SERVER)];
    });
    expect(told).toMatchObject([[{ kind: 'schema', name: SCHEMA }], [expect.anything()]]);
  });

  // of servers before; none; ucs2, utf16 and utf32, which clients can't speak
  test.each([33, 83, 200, 255, 0, 249, 35, 54, 60])('collation %d', async (characterSet) => {
    const charset = { characterSet, encoding: 'utf8' } as const;
    const ASK =
      'SELECT CONCAT_WS(0x2f, @@character_set_client, @@character_set_results, @@character_set_connection, @@collation_connection)';
    await both(async (port) => {
      const { client, outcome } = await login(port, charset, 'plain', 'shop');
      return [outcome, await client.values(ASK).catch((error: Error) => error.message)];
    });
    await both(async (port) => {
      const { client } = await login(port, LATIN1, 'plain', 'shop');
      const outcome = await changeUser(client, charset, 'plain', 'shop');
      return [outcome, await client.values(ASK).catch((error: Error) => error.message)];
    });
  });

  test.each([LATIN1, UTF8])('COM_INIT_DB and USE, %j', async (charset) => {
    for (const command of [Command.INIT_DB, Command.QUERY]) {
      await both(async (port) => {
        const { client } = await login(port, charset, USER, 'shop');
        const text = command === Command.QUERY ? `USE \`${SCHEMA}\`` : SCHEMA;
        client.send(command, Buffer.from(bytes(text, charset), 'latin1'));
        return [result((await client.single()).payloads[0]!), await client.values(OF_SERVER)];
      });
    }
  });

  test.each([LATIN1, UTF8])('go over with a move, whatever the session speaks since, %j', async (charset) => {
    const entered = await login(plane.port, charset);
    const others = [];
    for (const names of ['latin1', 'utf8mb4', 'koi8r']) {
      const { client } = await login(plane.port, charset);
      await client.query(`SET NAMES ${names}`);
      others.push({ client, names });
    }
    const used = await login(plane.port, charset, USER, 'shop');
    used.client.send(Command.INIT_DB, Buffer.from(bytes(SCHEMA, charset), 'latin1'));
    await used.client.single();
    const [before] = await entered.client.values(OF_SERVER);
    await plane.plane.warm(POOL, replica.name, 5000);
    await move(replica);
    for (const client of [entered.client, used.client, ...others.map((one) => one.client)]) {
      expect(await client.values(OF_SERVER)).toEqual([before?.replace(/1$/, '2')]);
      expect(await client.values('SELECT COUNT(*) FROM t')).toEqual(['0']);
    }
    for (const { client, names } of others) {
      expect(await client.values('SELECT @@character_set_client')).toEqual([names]);
    }
    expect((await plane.sessions()).map(({ schema }) => schema)).toEqual(expect.arrayContaining([SCHEMA]));
    await move(server);
    expect(await entered.client.values(OF_SERVER)).toEqual([before]);
  });
});
