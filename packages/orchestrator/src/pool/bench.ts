import { Heartbeat } from '../watch/heartbeat';
import { Notifier } from '../hooks/notify';
import { NodeLink } from '../link/node-link';
import { PoolLock } from './pool-lock';
import { EventLog } from '../state/event-log';
import { Journal } from '../state/journal';
import type { Records } from '../state/records';
import type { Bench } from '../switch/context';

export type PoolDependencies = Pick<Bench, 'pool' | 'plane' | 'clock' | 'log' | 'atStep' | 'places'> & {
  readonly stateDir: string;
  readonly records: Records;
};

/** Sets up what the work on one pool shares. */
export async function benchOf(dependencies: PoolDependencies): Promise<Bench> {
  const { pool, plane, clock, log, stateDir, atStep, places } = dependencies;
  const events = new EventLog(stateDir, pool.name, clock, log);
  const notifier = new Notifier(pool.notify, clock, log);
  events.onEvent = (event) => notifier.tell(event);
  return {
    pool,
    plane,
    clock,
    log,
    atStep,
    places,
    journal: await Journal.load(stateDir, pool.name),
    events,
    heartbeat: new Heartbeat(pool.monitor.schema, pool.name),
    lock: new PoolLock(pool.name),
    links: new Map(pool.nodes.map((node) => [node.name, new NodeLink(node, pool.control, clock)])),
  };
}
