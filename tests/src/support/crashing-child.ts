import { Orchestrator, systemClock, type PoolOptions } from '@myswitch/orchestrator';
import { FakePlane } from './fake-plane';

/** What the child is told on its command line, as JSON. */
export interface CrashOrder {
  readonly stateDir: string;
  readonly pool: PoolOptions;
  readonly work: 'switch' | 'failover' | 'rejoin';
  /** Of a switch or failover the node to move to, of a rejoin the one that is back. */
  readonly node: string;
  readonly step: string;
  readonly when: 'before' | 'after';
}

/** Starts a switch, failover or rejoin and ends this process with SIGKILL at the step named. */
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
  const move = { to: node, by: 'test', force: true };
  const works = {
    switch: () => orchestrator.switch(pool.name, move, () => undefined, nobody),
    failover: () => orchestrator.failover(pool.name, move, () => undefined),
    rejoin: () => orchestrator.rejoin(pool.name, { node, by: 'test' }, () => undefined, nobody),
  };
  const record = await works[work]();
  throw new Error(`still alive: ${JSON.stringify(record)}`);
}

void crash(JSON.parse(process.argv[2] ?? '') as CrashOrder).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
