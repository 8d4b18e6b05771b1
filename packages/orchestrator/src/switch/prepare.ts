import { Deadline, sleep } from '../clock';
import { counted } from '../counted';
import { SwitchError } from '../errors';
import { Phase, type MovedReplica } from '../state/journal';
import { unlessAborted, type Bench, type Seat, type SwitchContext } from './context';
import type { Step } from './step';

const STATEMENT_MS = 5000;

/** Everything that the hold will need is opened, and everything slow is done, while clients still work. */
export const warm: Step = {
  name: 'warm',
  async run(context) {
    const { bench, plan, from, to, operation, abort } = context;
    const deadline = new Deadline(bench.clock, bench.pool.switch.catchUpMs);
    const { backends } = await unlessAborted(abort, bench.plane.warm(bench.pool.name, to.link.name, deadline.left));
    const source = operation.semiSync;
    if (source.from.source || source.to.source) {
      await (plan.semiSync === 'suspend' ? suspendSemiSync(context) : bringAckers(context, deadline));
    }
    if (from.found.eventScheduler && operation.events.length > 0) {
      await from.main.dialect.setEventScheduler(from.main.connection, false, STATEMENT_MS);
    }
    return `${counted(backends, 'backend')} to ${to.link.name}`;
  },
  async undo({ bench, from, to, others, operation }, deadline) {
    if (from.found.eventScheduler && operation.events.length > 0) {
      await from.aux.dialect.setEventScheduler(from.aux.connection, true, deadline.left);
    }
    for (const { node, channel } of bench.journal.memory.operation?.movedReplicas ?? []) {
      const replica = others.get(node);
      await replica?.dialect.repoint(replica.connection, channel, from.options.replication, deadline.left);
    }
    const { source } = operation.semiSync.to;
    if (operation.semiSync.from.source || source) {
      await to.aux.dialect.setSemiSync(to.aux.connection, 'source', source, deadline.left);
    }
  },
};

async function suspendSemiSync({ to, operation, warnings }: SwitchContext): Promise<void> {
  if (operation.semiSync.to.source) {
    await to.main.dialect.setSemiSync(to.main.connection, 'source', false, STATEMENT_MS);
  }
  warnings.push({ code: 'SEMI_SYNC', message: 'semi-sync was suspended during the switch' });
}

/** The other replicas are put under the candidate, so that its first write finds an acker. */
async function bringAckers({ bench, operation, to, others, abort }: SwitchContext, deadline: Deadline): Promise<void> {
  const moved: MovedReplica[] = [];
  for (const [node, { connection, dialect }] of others) {
    const { channels } = await dialect.observe(connection, STATEMENT_MS);
    const channel = channels.find(({ sourceIdentity }) => sourceIdentity === operation.fromIdentity);
    if (channel !== undefined && (await dialect.semiSync(connection, STATEMENT_MS)).replica) {
      moved.push({ node, channel: channel.name });
      await bench.journal.advance(Phase.PREPARING, { movedReplicas: [...moved] });
      await dialect.repoint(connection, channel.name, to.options.replication, STATEMENT_MS);
    }
  }
  const { connection, dialect } = to.main;
  await dialect.setSemiSync(connection, 'source', true, STATEMENT_MS);
  for (;;) {
    const { ackers, waitFor } = await unlessAborted(abort, dialect.semiSync(connection, STATEMENT_MS));
    if (ackers >= waitFor) {
      return;
    }
    if (deadline.passed) {
      throw new SwitchError('SEMI_SYNC', `${ackers} of ${counted(waitFor, 'acker')} follow ${to.link.name}`);
    }
    await sleep(bench.clock, 20);
  }
}

/** Nothing is held for a candidate that can't keep up. */
export const catchUp: Step = {
  name: 'catch-up',
  async run({ bench, from, to, abort, plan }) {
    const { catchUpMs } = bench.pool.switch;
    const deadline = new Deadline(bench.clock, catchUpMs);
    const late = (): SwitchError =>
      new SwitchError(
        'LAG_NOT_CONVERGING',
        `${to.link.name} did not catch up with ${from.link.name} in ${catchUpMs} ms`,
      );
    // the second round starts where the first ended: what it takes tells whether the lag converges
    for (;;) {
      const position = await from.main.dialect.position(from.main.connection, STATEMENT_MS);
      const applied = async (): Promise<number> => {
        const start = bench.clock.monotonic();
        if (!(await unlessAborted(abort, to.main.dialect.waitApplied(to.main.connection, position, deadline.left)))) {
          throw late();
        }
        return bench.clock.monotonic() - start;
      };
      const soonMs = Math.max(SOON_MS, plan.maxLagMs / 10);
      let ms = await applied();
      // it has it by now: what asking takes on this network is no lag
      if (ms > soonMs) ms -= await applied();
      if (ms <= soonMs) {
        await Promise.all([
          bench.journal.advance(Phase.SWITCHING),
          from.main.dialect.tidy(from.main.connection, STATEMENT_MS).catch(() => undefined),
        ]);
        await rehearse(bench, from, to);
        return `applied the present position in ${ms.toFixed(1)} ms`;
      }
      if (deadline.passed) {
        throw late();
      }
    }
  },
};

const REHEARSALS = 40;
/** On a slow network a few have to do. */
const REHEARSING_MS = 500;

/**
 * What the hold will ask, asked before it: the first times cost this process and the servers two to three times as much.
 * Nothing is changed by it; the candidate is read-only already.
 */
async function rehearse(bench: Bench, from: Seat, to: Seat): Promise<void> {
  const end = new Deadline(bench.clock, REHEARSING_MS);
  for (let round = 0; round < REHEARSALS && !end.passed; round++) {
    const position = await from.main.dialect.position(from.main.connection, STATEMENT_MS);
    await Promise.all([
      to.main.dialect.waitApplied(to.main.connection, position, REHEARSED_WAIT_MS),
      from.main.dialect.position(from.main.connection, STATEMENT_MS),
    ]);
    await to.main.dialect.close(to.main.connection, STATEMENT_MS);
    await bench.heartbeat.exists(to.main.connection, STATEMENT_MS); // opens its table, which the probe will write
  }
}

const REHEARSED_WAIT_MS = 20;

/** Near enough that the hold won't be felt. */
const SOON_MS = 50;
