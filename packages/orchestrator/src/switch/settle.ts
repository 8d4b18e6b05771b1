import { Deadline, sleep } from '../clock';
import { counted } from '../counted';
import { messageOf } from '../errors';
import type { NodeConnection } from '../link/node-link';
import type { NodeOptions } from '../options';
import type { CodedMessage } from '../report';
import type { Operation } from '../state/journal';
import type { Bench } from './context';

/** Off the critical path: generous, because giving up leaves work for the operator. */
const STATEMENT_MS = 10_000;

/** A promoted node, the old primary and the rest: what is left to do so that replication runs the other way round. */
export interface Settlement {
  readonly bench: Bench;
  readonly operation: Operation;
  readonly from: { readonly options: NodeOptions; readonly node: NodeConnection | null };
  readonly to: { readonly options: NodeOptions; readonly node: NodeConnection };
  readonly others: ReadonlyMap<string, NodeConnection>;
}

/** Each part on its own: one that fails is a warning with what to do by hand, and the next ones go on. */
export async function settle(settlement: Settlement): Promise<readonly CodedMessage[]> {
  const warnings: CodedMessage[] = [];
  const part = async (code: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      warnings.push({ code, message: messageOf(error) });
    }
  };
  const { operation, from } = settlement;
  await part('PROMOTED_CHANNEL', () => forgetChannel(settlement));
  await Promise.all([
    part('OLD_PRIMARY', () => followNewPrimary(settlement)),
    part('REPLICAS', () => repointOthers(settlement, warnings)),
  ]);
  await part('READ_ONLY', () => persist(settlement, warnings));
  await part('SEMI_SYNC', () => swapSemiSync(settlement));
  await part('EVENTS', () => moveEvents(settlement, warnings));
  await part('REPLICATION', () => awaitReplication(settlement));
  if (from.node === null) {
    const advice = `npx myswitch rejoin ${operation.from} ${settlement.bench.pool.name}`;
    const message = `${operation.from} does not follow; when it is back: ${advice}, or ${byHand(settlement)}`;
    warnings.push({ code: 'OLD_PRIMARY', message });
  }
  return warnings;
}

const byHand = ({ to, operation, bench }: Settlement): string =>
  `by hand there: ${to.node.dialect
    .followByHand(operation.channel.name, to.options.replication, bench.pool.replication?.user ?? 'repl')
    .join(' ')}`;

/** In a circular pair the channel stays: both directions run. */
async function forgetChannel({ operation, to }: Settlement): Promise<void> {
  if (operation.circular !== null) {
    return;
  }
  const { connection, dialect } = to.node;
  const { channels } = await dialect.observe(connection, STATEMENT_MS);
  const old = channels.find(
    ({ name, sourceIdentity }) => name === operation.channel.name && sourceIdentity === operation.fromIdentity,
  );
  if (old !== undefined) {
    await dialect.forget(connection, old.name, STATEMENT_MS);
  }
}

async function followNewPrimary(settlement: Settlement): Promise<void> {
  const { bench, operation, from, to } = settlement;
  if (from.node === null) {
    return;
  }
  const { connection, dialect } = from.node;
  // what is not a primary any more acknowledges as the candidate did, before its receiver starts
  const { source, replica } = operation.semiSync.to;
  if (replica !== operation.semiSync.from.replica) {
    await dialect.setSemiSync(connection, 'replica', replica, STATEMENT_MS);
  }
  if (source !== operation.semiSync.from.source) {
    await dialect.setSemiSync(connection, 'source', source, STATEMENT_MS);
  }
  const { replication } = bench.pool;
  const channel = operation.circular?.channel ?? operation.channel.name;
  const login =
    operation.circular !== null || replication === null ? null : { ...replication, options: operation.channel.options };
  try {
    await dialect.follow(connection, channel, to.options.replication, login, STATEMENT_MS);
  } catch (error) {
    throw new Error(`${operation.from} does not follow ${operation.to}: ${messageOf(error)}; ${byHand(settlement)}`, {
      cause: error,
    });
  }
}

async function repointOthers({ bench, operation, to, others }: Settlement, warnings: CodedMessage[]): Promise<void> {
  const repoint = async ({ connection, dialect }: NodeConnection): Promise<void> => {
    const { channels } = await dialect.observe(connection, STATEMENT_MS);
    const channel = channels.find(({ sourceIdentity }) => sourceIdentity === operation.fromIdentity);
    if (channel !== undefined) {
      await dialect.repoint(connection, channel.name, to.options.replication, STATEMENT_MS);
    }
  };
  const rest = bench.pool.nodes.filter(({ name }) => name !== operation.from && name !== operation.to);
  await Promise.all(
    rest.map(async ({ name }) => {
      const node = others.get(name);
      try {
        if (node === undefined) {
          throw new Error('it does not answer');
        }
        await repoint(node);
      } catch (error) {
        warnings.push({
          code: 'REPLICAS',
          message: `${name} was not repointed to ${operation.to}: ${messageOf(error)}`,
        });
      }
    }),
  );
}

async function persist({ operation, from, to }: Settlement, warnings: CodedMessage[]): Promise<void> {
  const outlives = await to.node.dialect.persistReadOnly(to.node.connection, false, STATEMENT_MS);
  if (from.node !== null) {
    await from.node.dialect.persistReadOnly(from.node.connection, true, STATEMENT_MS);
  }
  if (!outlives) {
    warnings.push({
      code: 'READ_ONLY',
      message:
        `${operation.from} forgets read_only when it restarts: put read_only = 1 under [mariadb] in its option file, and read_only = 0 in ` +
        `that of ${operation.to}; until then MySwitch sets it at its first look`,
    });
  }
}

/** Each node takes over the part of the other. */
async function swapSemiSync({ operation, to }: Settlement): Promise<void> {
  const { from: old } = operation.semiSync;
  if (!old.source && !old.replica && !operation.semiSync.to.source && !operation.semiSync.to.replica) {
    return;
  }
  const { connection, dialect } = to.node;
  if (operation.semiSync.from.source || operation.semiSync.to.source) {
    await dialect.setSemiSync(connection, 'source', old.source, STATEMENT_MS);
  }
  if (old.replica !== operation.semiSync.to.replica) {
    await dialect.setSemiSync(connection, 'replica', old.replica, STATEMENT_MS);
  }
}

/** ALTER EVENT … ENABLE arrives on the replicas as disabled there, the old primary included: only then may its scheduler run again. */
async function moveEvents({ bench, operation, from, to }: Settlement, warnings: CodedMessage[]): Promise<void> {
  if (operation.events.length === 0) {
    return;
  }
  if (bench.pool.switch.events === 'leave') {
    warnings.push({
      code: 'EVENTS',
      message: `${counted(operation.events.length, 'event')} left off on ${operation.to}`,
    });
    return;
  }
  const { connection, dialect } = to.node;
  for (const event of operation.events) {
    try {
      await dialect.enableEvent(connection, event, STATEMENT_MS);
    } catch (error) {
      warnings.push({ code: 'EVENTS', message: `${event.schema}.${event.name} stays off: ${messageOf(error)}` });
    }
  }
  if (!operation.found.from.eventScheduler) {
    return;
  }
  if (!operation.found.to.eventScheduler) {
    await dialect.setEventScheduler(connection, true, STATEMENT_MS);
  }
  const old = from.node;
  if (old !== null && warnings.every(({ code }) => code !== 'EVENTS')) {
    const position = await dialect.position(connection, STATEMENT_MS);
    if (await old.dialect.waitApplied(old.connection, position, STATEMENT_MS)) {
      await old.dialect.setEventScheduler(old.connection, true, STATEMENT_MS);
    }
  }
}

/** The switch is over when the old primary has followed: the way back is open. */
async function awaitReplication(settlement: Settlement): Promise<void> {
  const { bench, operation, from, to } = settlement;
  if (from.node === null) {
    return;
  }
  const old = from.node;
  const deadline = new Deadline(bench.clock, STATEMENT_MS);
  const position = await to.node.dialect.position(to.node.connection, STATEMENT_MS);
  if (!(await old.dialect.waitApplied(old.connection, position, deadline.left))) {
    throw new Error(`${operation.from} has not caught up with ${operation.to} within ${STATEMENT_MS / 1000} s`);
  }
  const { identity } = await to.node.dialect.observe(to.node.connection, STATEMENT_MS);
  for (;;) {
    const { channels } = await old.dialect.observe(old.connection, STATEMENT_MS);
    const channel = channels.find(({ sourceIdentity }) => sourceIdentity === identity);
    if (channel?.receiving === true && channel.applying) {
      return;
    }
    if (deadline.passed) {
      throw new Error(
        `${operation.from} does not replicate from ${operation.to}: ${channel?.lastError ?? 'no channel'}`,
      );
    }
    await sleep(bench.clock, 20);
  }
}
