import { checkLedger, type TestServer, until } from '@myswitch/testkit';
import type { Scene } from './scene';

/**
 * An old primary that is back and closed: what the failover's record says that only it has is just that, and nothing else
 * was lost. Resolves with the number of writes.
 */
export async function expectExactList(scene: Scene, old: string): Promise<number> {
  const { to, lost } = await until('the list is on record', async () => {
    const flight = (await scene.flights()).at(-1);
    return flight?.lost === null ? null : (flight ?? null);
  });
  await scene.workload.hold(); // what is acknowledged meanwhile would be missing from what was read before
  const active = scene.node(to!);
  const there = await writesOn(active);
  const alone = [...(await writesOn(scene.node(old)))].filter((write) => !there.has(write));
  // each write of the ledger is a transaction; those of MySwitch's own table are listed too
  const listed = lost!.transactions.filter(({ statements }) => statements.some((text) => text.includes('shop.ledger')));
  expect({ complete: lost!.complete, listed: listed.length }).toEqual({ complete: true, listed: alone.length });
  const acknowledged = (await checkLedger(active, scene.workload)).lost;
  expect(acknowledged.filter((write) => !alone.includes(write))).toEqual([]);
  scene.workload.resume();
  return alone.length;
}

async function writesOn(server: TestServer): Promise<ReadonlySet<string>> {
  const rows = await server.sql("SELECT CONCAT(client, '/', id) AS name FROM shop.ledger");
  return new Set(rows.map(({ name }) => String(name)));
}
