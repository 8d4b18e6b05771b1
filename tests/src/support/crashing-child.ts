import { Orchestrator, systemClock, type PoolOptions } from '@myswitch/orchestrator';
import { FakePlane } from './fake-plane';

/** What the child is told on its command line, as JSON. */
export interface CrashOrder {
  readonly stateDir: string;
  readonly pool: PoolOptions;
  readonly to: string;
  readonly step: string;
  readonly when: 'before' | 'after';
}

/** Starts a switch and ends this process with SIGKILL at the step named. */
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
  const request = { to: order.to, by: 'test', force: true };
  const record = await orchestrator.switch(order.pool.name, request, () => undefined, new AbortController().signal);
  throw new Error(`still alive: ${JSON.stringify(record)}`);
}

void crash(JSON.parse(process.argv[2] ?? '') as CrashOrder).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
