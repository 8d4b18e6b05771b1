// npm run bench:failover [-- --kind mariadb --rounds 5 --seconds 30 --json]
import { KINDS, type Cluster, type Kind, createCluster, missing } from '@myswitch/testkit';
import { readArguments } from './arguments';
import { describeGoal } from './output';
import { program } from './program';
import { Fault } from './failover/fault';
import { fly, type Flight, type Setting } from './failover/flights';
import { measureFloor } from './failover/floor';
import { type Summary, describe, goals, summarize } from './failover/report';
import { CREATE_TABLE } from './failover/writer';
import { type Watching, watch, watchingGoal } from './watch/watching';

const SETTINGS: readonly Setting[] = [
  { intervalMs: 500, failures: 3 },
  { intervalMs: 1000, failures: 3 },
];
/** So that each of the three servers is the dead one twice. */
const FLOOR_TIMES = 6;

const progress = (line: string): void => console.error(`  ${line}`);

program(async (args) => {
  const { json, kind, numbers } = readArguments(args, { rounds: 5, seconds: 30 });
  const summaries: Summary[] = [];
  const watchings: Watching[] = [];
  for (const each of kind === null ? KINDS : [kind]) {
    const without = await missing(each, console.error);
    if (without !== null) {
      console.error(`no ${each}: ${without}`);
      continue;
    }
    summaries.push(...(await measure(each, numbers.rounds)));
    watchings.push(await watch(each, numbers.seconds, progress));
  }
  const reached = [...summaries.flatMap(goals), ...watchings.map(watchingGoal)];
  if (json) {
    console.log(JSON.stringify({ faults: summaries, watching: watchings, goals: reached }));
    return;
  }
  console.log(`\n${describe(summaries)}\n`);
  for (const told of new Set(summaries.flatMap((each) => each.told))) console.log(`  a client was told: ${told}`);
  console.log(reached.map(describeGoal).join('\n'));
});

/** The floor is taken first, while MySwitch is not there: its monitor would close a node that it did not open. */
async function measure(kind: Kind, rounds: number): Promise<Summary[]> {
  const cluster = await createCluster({ kind, replicas: 2 });
  const version = cluster.nodes[0]?.version ?? '';
  await cluster.nodes[0]?.sql(CREATE_TABLE);
  progress(`${kind} ${version}: the floor, by hand`);
  const floors = {
    [Fault.KILLED]: await floor(cluster, Fault.KILLED),
    [Fault.HANGING]: await floor(cluster, Fault.HANGING),
  };
  const flown: { setting: Setting; flights: Flight[] }[] = [];
  for (const setting of SETTINGS) flown.push({ setting, flights: await fly(cluster, setting, rounds, progress) });
  for (const server of cluster.nodes) await server.remove();
  return summarize({ kind, version }, floors, flown);
}

async function floor(cluster: Cluster, fault: Fault): Promise<number[]> {
  const took = await measureFloor(cluster, fault, FLOOR_TIMES);
  progress(`${fault}: ${took.map((ms) => ms.toFixed(1)).join(', ')} ms`);
  return took;
}
