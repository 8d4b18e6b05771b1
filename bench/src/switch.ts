// npm run bench:switch [-- --kind mariadb --switches 20 --json]
import { KINDS, type Kind, type TestServer, createCluster, createLedger, missing } from '@myswitch/testkit';
import { readArguments } from './arguments';
import { describeGoal } from './output';
import { program } from './program';
import { measureFloor } from './switch/floor';
import { CLIENTS, RATE, fly, loadAndHold } from './switch/flights';
import { type Floor, type Summary, describe, goals, summarize } from './switch/report';

const FLOOR_TIMES = 10;

const progress = (line: string): void => console.error(`  ${line}`);

program(async (args) => {
  const { json, kind, numbers } = readArguments(args, { switches: 20 });
  const summaries: Summary[] = [];
  for (const each of kind === null ? KINDS : [kind]) {
    const without = await missing(each, console.error);
    if (without === null) summaries.push(await measure(each, numbers.switches));
    else console.error(`no ${each}: ${without}`);
  }
  const reached = summaries.flatMap(goals);
  if (json) {
    console.log(JSON.stringify({ clients: CLIENTS, rate: RATE, kinds: summaries, goals: reached }));
    return;
  }
  console.log(`\n${describe(summaries)}\n`);
  for (const problem of new Set(summaries.flatMap(({ problems }) => problems))) console.log(`  ${problem}`);
  console.log(reached.map(describeGoal).join('\n'));
});

/**
 * The floor is taken before and after, while MySwitch is not there: its monitor would close a node that it did not open.
 * An even number of moves, so that each part begins where the one before it did.
 */
async function measure(kind: Kind, switches: number): Promise<Summary> {
  const cluster = await createCluster({ kind, replicas: 1 });
  const [first, second] = cluster.nodes;
  if (first === undefined || second === undefined) throw new RangeError('a pair has two servers');
  progress(`${kind} ${first.version}: ${CLIENTS} clients, ${RATE} statements/s offered`);
  const before = await floor([first, second]);
  const flown = await fly(cluster, [first, second], switches, progress);
  const back = flown.flights.filter(({ record }) => record.result === 'switched').length % 2 === 0;
  const after = await floor(back ? [first, second] : [second, first]);
  for (const server of cluster.nodes) await server.remove();
  const both = { held: [...before.held, ...after.held], idle: [...before.idle, ...after.idle] };
  return summarize(kind, first.version, both, flown);
}

async function floor(pair: readonly [TestServer, TestServer]): Promise<Floor> {
  progress('the floor, by hand');
  const idle = await measureFloor(pair, FLOOR_TIMES, async () => async () => {});
  await createLedger(pair[0]);
  return { idle, held: await measureFloor(pair, FLOOR_TIMES, loadAndHold) };
}
