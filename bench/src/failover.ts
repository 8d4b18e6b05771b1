// npm run bench:failover [-- --kind mariadb --rounds 5 --seconds 30 --json]
import { KINDS, type Kind, createCluster, missing } from '@myswitch/testkit';
import { readArguments } from './arguments';
import { program } from './program';
import { fly, type Setting } from './failover/flights';
import { CREATE_TABLE } from './failover/writer';

const SETTINGS: readonly Setting[] = [
  { intervalMs: 500, failures: 3 },
  { intervalMs: 1000, failures: 3 },
];

const progress = (line: string): void => console.error(`  ${line}`);

program(async (args) => {
  const { kind, numbers } = readArguments(args, { rounds: 5, seconds: 30 });
  for (const each of kind === null ? KINDS : [kind]) {
    const without = await missing(each, console.error);
    if (without === null) await measure(each, numbers.rounds);
    else console.error(`no ${each}: ${without}`);
  }
});

async function measure(kind: Kind, rounds: number): Promise<void> {
  const cluster = await createCluster({ kind, replicas: 2 });
  await cluster.nodes[0]?.sql(CREATE_TABLE);
  for (const setting of SETTINGS) await fly(cluster, setting, rounds, progress);
}
