import { Orchestrator, systemClock, type PoolOptions } from '@myswitch/orchestrator';
import { FakePlane } from './fake-plane';

/** What the child is told on its command line, as JSON. */
export interface CrashOrder {
  readonly stateDir: string;
  readonly pool: PoolOptions;
  readonly work: 'switch' | 'rejoin';
  /** Of a switch the node to move to, of a rejoin the one that is back. */
  readonly node: string;
  readonly step: string;
  readonly when: 'before' | 'after';
}

/** Starts a switch or rejoin and ends this process with SIGKILL at the step named. */
async function crash(order: CrashOrder): Promise<void> {
  const orchestrator = new Orchestrator({
    options: { stateDir: order.stateDir, pools: [order.pool] },
    plane: new FakePlane(order.pool.nodes.map(({ name }) => name)),
    clock: systemClock,
    log: () => undefined,
    atStep: (step, when) => {
      if (step === order.step && when === order.when) process.kill(process.pid, 'SIGKILL');
      return Promise.resolve();
    },
  });
  await orchestrator.start();
  const { pool, node, work } = order;
  const nobody = new AbortController().signal;
  const record =
    work === 'switch'
      ? await orchestrator.switch(pool.name, { to: node, by: 'test', force: true }, () => undefined, nobody)
      : await orchestrator.rejoin(pool.name, { node, by: 'test' }, () => undefined, nobody);
  throw new Error(`still alive: ${JSON.stringify(record)}`);
}

void crash(JSON.parse(process.argv[2] ?? '') as CrashOrder).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
