import { Orchestrator, systemClock, type PoolOptions, type StepEvent } from '@myswitch/orchestrator';
import { FakePlane } from './fake-plane';

/** What the child is told on its command line, as JSON. */
export interface CrashOrder {
  readonly stateDir: string;
  readonly pool: PoolOptions;
  readonly work: 'switch' | 'failover' | 'rejoin' | 'rebuild';
  /** Of a switch or failover the node to move to, of a rejoin or rebuild the one that is back. */
  readonly node: string;
  readonly step: string;
  /** `during`: when it first tells how it gets on. */
  readonly when: 'before' | 'after' | 'during';
}

/** Starts a switch, failover, rejoin or rebuild and ends this process with SIGKILL at the step named. */
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
  const endDuring = ({ step, state }: StepEvent): void => {
    if (step === order.step && state === 'info' && order.when === 'during') process.kill(process.pid, 'SIGKILL');
  };
  const works = {
    switch: () => orchestrator.switch(pool.name, move, () => undefined, nobody),
    failover: () => orchestrator.failover(pool.name, move, () => undefined),
    rejoin: () => orchestrator.rejoin(pool.name, { node, by: 'test' }, () => undefined, nobody),
    rebuild: () => orchestrator.rejoin(pool.name, { node, by: 'test', rebuild: { confirm: node } }, endDuring, nobody),
  };
  const record = await works[work]();
  throw new Error(`still alive: ${JSON.stringify(record)}`);
}

void crash(JSON.parse(process.argv[2] ?? '') as CrashOrder).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
