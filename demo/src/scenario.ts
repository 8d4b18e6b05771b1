import { type Kind, missing, provision, sleep } from '@myswitch/testkit';
import { activeNode, fitFor, isReadOnly, switchTo } from './commands';
import type { Screen } from './screen';
import { CLIENTS, RATE, type Stage, node, startServers, startSwitch, startWorkload } from './stage';
import { type Move, type Verdict, judge, print } from './verdict';
import { Watch } from './watch';
import { count, ms, seconds } from './words';

const KIND_NAMES: Record<Kind, string> = { mariadb: 'MariaDB', mysql: 'MySQL' };
/** How long the clients just work before, between and after. */
const QUIET_MS = 3000;

/** The whole story up to the verdict; what runs then goes on running. */
export async function play(screen: Screen, kind: Kind): Promise<{ stage: Stage; verdict: Verdict }> {
  const name = KIND_NAMES[kind];
  const without = await missing(kind, (line) => screen.line(`  ${line}`));
  if (without !== null) throw new Error(`no ${name}: ${without}`);
  const { version } = await provision(kind);
  screen.line(`${screen.color('bold', 'MySwitch moves 32 clients to another server and back while they work')}\n`);

  const started = stopwatch();
  screen.live(() => `starting three ${name} servers  ${started()}`);
  const cluster = await startServers(kind);
  const ports = cluster.nodes.map((server) => `${server.name} ${server.port}`).join(', ');
  screen.step('servers', `${name} ${version}: primary db1, replicas db2 and db3 (ports ${ports})  ${started()}`);

  const ready = stopwatch();
  screen.live(() => `starting MySwitch  ${ready()}`);
  const stage = await startSwitch(cluster);
  screen.step('myswitch', `accepts clients on 127.0.0.1:${stage.ports.pool}, 2 workers  ${ready()}`);

  const workload = startWorkload(stage);
  const watch = new Watch(workload);
  const quiet = async (doing: string): Promise<void> => {
    screen.live(() => watch.line(doing));
    await sleep(QUIET_MS);
  };
  screen.step('clients', `${CLIENTS}, ${count(RATE)} statements/s: autocommit, prepared, transactions`);
  await quiet('db1 serves');

  const there = await doSwitch(screen, stage, watch, 'db1', 'db2');
  await quiet('db2 serves');
  await restartOldPrimary(screen, stage, watch);
  await quiet('db2 serves');
  const back = await doSwitch(screen, stage, watch, 'db2', 'db1');
  await quiet('db1 serves');

  screen.live(() => 'comparing what the clients know with what the servers have');
  const active = await activeNode(stage.mySwitch);
  const verdict = await judge(cluster, active ?? 'db1', workload);
  screen.still();
  if (verdict.problems.length === 0)
    screen.step('ledger', `the same on ${names(stage)}: every acknowledged write once, sums equal`);
  print(screen, verdict, [there, back]);
  return { stage, verdict };
}

async function doSwitch(screen: Screen, { mySwitch }: Stage, watch: Watch, from: string, to: string): Promise<Move> {
  await fitFor(mySwitch, to);
  screen.step('switch', screen.color('bold', `npx myswitch switch shop --to ${to}`));
  screen.live(() => watch.line(`switching ${from} -> ${to}`));
  watch.mark();
  const run = await switchTo(mySwitch, to);
  const pauseMs = watch.sinceMark();
  for (const step of run.steps) screen.line(`              ${screen.color('dim', step.trim())}`);
  const outcome = `${run.moved} clients moved, hold ${ms(run.holdMs)}, longest pause ${ms(pauseMs)}`;
  screen.step('', screen.color('green', `${from} -> ${to}: ${outcome}`));
  return { from, to, holdMs: run.holdMs, pauseMs };
}

/** What the switch was for: the DBA patches it. */
async function restartOldPrimary(screen: Screen, stage: Stage, watch: Watch): Promise<void> {
  const took = stopwatch();
  screen.live(() => watch.line('db1 restarts'));
  await node(stage.cluster, 'db1').restart();
  screen.live(() => watch.line('db1 catches up'));
  await fitFor(stage.mySwitch, 'db1');
  if (!(await isReadOnly(stage.mySwitch, 'db1'))) throw new Error('db1 takes writes after its restart');
  screen.step('restart', `db1 was shut down and started, is read-only, follows db2 and has caught up  ${took()}`);
}

function names({ cluster }: Stage): string {
  return cluster.nodes.map(({ name }) => name).join(', ');
}

function stopwatch(): () => string {
  const start = Date.now();
  return () => seconds(Date.now() - start);
}
