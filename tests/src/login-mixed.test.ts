import {
  Capability,
  Command,
  MariaDbCapability,
  decodeHandshake,
  encodeHandshake,
  encodePacket,
} from '@myswitch/protocol';
import { type TestServer, createCluster } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';
import { RawClient } from './support/raw-client';
import { Relay } from './support/relay';

const HEADER = 4;

/** A greeting as a server sends it that lacks what newer ones have. */
function older(chunk: Buffer): Buffer {
  if (chunk[3] !== 0 || chunk[HEADER] !== 10) return chunk;
  const greeting = decodeHandshake(chunk.subarray(HEADER));
  const capabilities = (greeting.capabilities & ~Capability.OPTIONAL_RESULTSET_METADATA) >>> 0;
  const mariadbCapabilities = greeting.mariadbCapabilities & ~MariaDbCapability.EXTENDED_METADATA;
  return encodePacket(encodeHandshake({ ...greeting, capabilities, mariadbCapabilities }), 0);
}

/** A pool whose nodes are of different versions: what a client was given by one of them, another may lack. */
describeKinds('a node without a capability that clients have', (kind) => {
  const MODERN =
    kind === 'mysql'
      ? { add: Capability.OPTIONAL_RESULTSET_METADATA }
      : { without: Capability.LONG_PASSWORD, mariadb: MariaDbCapability.EXTENDED_METADATA };
  let server: TestServer;
  let relay: Relay;
  let plane: TestPlane;

  beforeAll(async () => {
    server = (await createCluster({ kind, replicas: 0 })).nodes[0]!;
    relay = await Relay.to(server);
    relay.rewrite = older;
    const old = { name: 'old', host: '127.0.0.1', port: relay.port };
    plane = await startPlane({ nodes: [server, old], hold: { maxMs: 60_000, clients: 100, bytes: 1 << 20 } });
  });
  afterEach(async () => {
    RawClient.closeAll();
    await plane.disconnectAll();
    await plane.checkInvariants();
  });
  afterAll(async () => {
    await plane.stop();
    relay.close();
  });

  test('refuses them at once, and nobody else', async () => {
    const modern = await RawClient.connect({ port: plane.port, ...MODERN });
    expect(await modern.query('SELECT 1')).toMatchObject({ error: null });
    const plain = await RawClient.connect({ port: plane.port });
    await plain.query('SELECT 1');
    await plane.activate('old');
    for (let i = 0; i < 2; i++) {
      expect(await modern.query('SELECT 1')).toMatchObject({ error: { code: 1105, sqlState: '08S01' } });
      expect(await plain.query('SELECT 1')).toMatchObject({ error: null });
    }
    // it connects again, and is given what there is
    const again = await RawClient.connect({ port: plane.port, ...MODERN });
    expect(await again.query('SELECT 1')).toMatchObject({ error: null });
    await plane.activate(server.name);
    modern.send(Command.PING);
    expect(await modern.single()).toMatchObject({ error: null });
    expect(await modern.query('SELECT 1')).toMatchObject({ error: null });
  });
});
