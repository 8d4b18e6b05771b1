// npm run bench [-- --kind mysql --rounds 3 --seconds 10 --against FOLDER --json]; FOLDER: a built checkout of another state
import { createCluster, fetchTool } from '@myswitch/testkit';
import { readArguments } from './arguments';
import { describeGoal } from './output';
import { program } from './program';
import { startPeers } from './load/peers';
import { describe, goals, summarize } from './load/report';
import { runRounds } from './load/rounds';
import { Sysbench } from './load/sysbench';

const THREADS = 16;

const progress = (line: string): void => console.error(`  ${line}`);

program(async (args) => {
  const { json, kind: asked, numbers, folders } = readArguments(args, { rounds: 3, seconds: 10 }, ['against']);
  const kind = asked ?? 'mariadb';
  const sysbench = new Sysbench(await fetchTool('sysbench', console.error));
  const cluster = await createCluster({ kind, replicas: 0 });
  const version = cluster.nodes[0]?.version;
  console.error(`${kind} ${version}, ${THREADS} threads, ${numbers.rounds} rounds of ${numbers.seconds} s`);
  const peers = await startPeers(cluster, folders.against ?? null);
  await sysbench.prepare(cluster.nodes[0]?.port ?? 0);
  const samples = await runRounds(sysbench, peers, { ...numbers, threads: THREADS }, progress);
  for (const peer of peers) await peer.stop();
  const lines = summarize(samples);
  if (json) {
    console.log(JSON.stringify({ kind, version, threads: THREADS, ...numbers, lines, goals: goals(lines), samples }));
    return;
  }
  console.log(`\n${describe(lines)}\n\n${goals(lines).map(describeGoal).join('\n')}`);
});
