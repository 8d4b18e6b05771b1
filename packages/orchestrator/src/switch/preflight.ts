import { randomUUID } from 'node:crypto';
import type { AccountsReport } from '../accounts/watch';
import { sleep, type Clock } from '../clock';
import type { DataPlane } from '../data-plane';
import { quote } from '../link/control-connection';
import { messageOf } from '../errors';
import type { BypassingSession, Fact, OtherReplica, PoolFacts, ServerFacts } from '../guardrails/facts';
import type { Heartbeat } from '../watch/heartbeat';
import type { NodeConnection } from '../link/node-link';
import type { PoolOptions } from '../options';
import { channelFrom, type NodeView } from '../watch/topology';

/** A statement of the preflight that takes longer than this is an answer in itself. */
const ASK_MS = 5000;
/** A session seen once may be a backend that was just opened; the second look, this much later, tells. */
const SECOND_LOOK_MS = 30;

export interface Surveyor {
  readonly pool: PoolOptions;
  readonly plane: DataPlane;
  readonly clock: Clock;
  readonly heartbeat: Heartbeat;
  readonly epoch: number;
  readonly accounts: AccountsReport;
}

/** The connections that a preflight asks over. Nodes that could not be reached are not among the others. */
export interface Crew {
  readonly from: NodeConnection;
  readonly to: NodeConnection;
  readonly others: ReadonlyMap<string, NodeConnection>;
}

/** Of the heartbeat, for the predicted hold. */
const ROUNDS = 5;

/** Costs measured along the way, for the predicted hold. */
export interface Costs {
  readonly fromRoundTripMs: number;
  readonly toRoundTripMs: number;
  /** One committed transaction on the ACTIVE. */
  readonly commitMs: number;
  /** From that commit until the candidate has it. */
  readonly applyMs: number;
  /** The same, the first time: it waits for everything that was written before. */
  readonly lagMs: number;
}

export interface Survey {
  readonly facts: ServerFacts;
  readonly costs: Costs | null;
}

/** Asks both servers, and the other replicas, everything that the guardrails want to know. */
export async function survey(
  surveyor: Surveyor,
  facts: PoolFacts & { readonly from: NodeView; readonly to: NodeView },
  crew: Crew,
): Promise<Survey> {
  const { pool, plane } = surveyor;
  const { from, to } = crew;
  const schema = pool.monitor.schema;
  const [ours, theirs] = await Promise.all([
    attempt(() => from.dialect.inspect(from.connection, schema, ASK_MS)),
    attempt(() => to.dialect.inspect(to.connection, schema, ASK_MS)),
  ]);
  const beat = await attempt(() => measure(surveyor, facts, crew));
  const costs = 'value' in beat ? beat.value : null;
  return {
    costs,
    facts: {
      ...facts,
      inspection: { from: ours, to: theirs },
      errant: await attempt(() => to.dialect.errant(to.connection, from.connection, ASK_MS)),
      purged: await attempt(() => purged(facts, crew)),
      heartbeat: 'error' in beat ? beat : { value: costs?.lagMs ?? null },
      withoutHeartbeat: await withoutHeartbeat(surveyor, crew),
      replicationLogin: await attempt(() => replicationLogin(pool, facts, to)),
      others: await otherReplicas(facts, crew),
      bypassing: await attempt(() => bypassing(surveyor, from, facts.from.name)),
      blocking: await attempt(() => plane.blocking(pool.name)),
    },
  };
}

export async function attempt<T>(ask: () => Promise<T>): Promise<Fact<T>> {
  try {
    return { value: await ask() };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/** Writes the heartbeat and waits until the candidate has it; null when it has not within the lag allowed. */
async function measure(surveyor: Surveyor, facts: PoolFacts, { from, to }: Crew): Promise<Costs | null> {
  const { clock, heartbeat, epoch } = surveyor;
  await heartbeat.create(from.connection, ASK_MS);
  const time = async (action: () => Promise<unknown>): Promise<number> => {
    const start = clock.monotonic();
    await action();
    return clock.monotonic() - start;
  };
  const samples: { commit: number; apply: number; from: number; to: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const commit = await time(() => heartbeat.write(from.connection, `preflight ${randomUUID()}`, epoch, ASK_MS));
    const committed = clock.monotonic();
    const position = await from.dialect.position(from.connection, ASK_MS);
    // the first one may wait for the table and for what was written before
    if (!(await to.dialect.waitApplied(to.connection, position, Math.max(1000, facts.plan.maxLagMs)))) {
      return null;
    }
    const apply = clock.monotonic() - committed;
    samples.push({
      commit,
      apply,
      from: await time(() => from.dialect.position(from.connection, ASK_MS)),
      to: await time(() => to.dialect.position(to.connection, ASK_MS)),
    });
  }
  return {
    commitMs: typical(samples.map(({ commit }) => commit)),
    applyMs: typical(samples.map(({ apply }) => apply)),
    lagMs: samples[0]?.apply ?? 0,
    fromRoundTripMs: typical(samples.map((sample) => sample.from)),
    toRoundTripMs: typical(samples.map((sample) => sample.to)),
  };
}

/** The second lowest: one statement in a few is slow for a reason that has nothing to do with the next one. */
const typical = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[1] ?? 0;

async function withoutHeartbeat({ heartbeat }: Surveyor, { others }: Crew): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const [name, { connection }] of others) {
    const there = await attempt(() => heartbeat.exists(connection, ASK_MS));
    if ('value' in there && !there.value) {
      missing.push(name);
    }
  }
  return missing;
}

async function purged(
  facts: PoolFacts & { readonly from: NodeView; readonly to: NodeView },
  { from, to, others }: Crew,
): Promise<readonly { node: string; gtid: string }[]> {
  const gaps: { node: string; gtid: string }[] = [];
  for (const [name, node] of [[facts.from.name, from] as const, ...others]) {
    const gtid = await to.dialect.purged(to.connection, node.connection, ASK_MS);
    if (gtid !== '') {
      gaps.push({ node: name, gtid });
    }
  }
  return gaps;
}

/** A circular pair has its channels already; else the old primary needs an account to follow with. */
async function replicationLogin(
  pool: PoolOptions,
  facts: { readonly from: NodeView; readonly to: NodeView },
  { connection }: NodeConnection,
): Promise<boolean> {
  if (channelFrom(facts.from, facts.to) !== undefined) {
    return true;
  }
  if (pool.replication === null) {
    return false;
  }
  const rows = await connection.query(
    `SELECT 1 FROM mysql.user WHERE User = ${quote(pool.replication.user)} AND Repl_slave_priv = 'Y' LIMIT 1`,
    ASK_MS,
  );
  return rows.length > 0;
}

function otherReplicas(
  { topology, from }: PoolFacts & { readonly from: NodeView },
  { others }: Crew,
): Promise<readonly OtherReplica[]> {
  const followers = topology.nodes.filter((node) => others.has(node.name) && channelFrom(node, from) !== undefined);
  return Promise.all(
    followers.map(async ({ name }) => {
      const node = others.get(name);
      return {
        name,
        semiSync:
          node === undefined
            ? { error: `${name} does not answer` }
            : await attempt(() => node.dialect.semiSync(node.connection, ASK_MS)),
      };
    }),
  );
}

/** Client sessions on `name` that are neither ours nor the data plane's. */
export async function bypassing(
  { pool, plane, clock }: Pick<Surveyor, 'pool' | 'plane' | 'clock'>,
  { connection, dialect }: NodeConnection,
  name: string,
): Promise<readonly BypassingSession[]> {
  const ours = new Set([pool.control.user, ...(pool.replication === null ? [] : [pool.replication.user])]);
  const look = async (): Promise<readonly BypassingSession[]> => {
    const sessions = await dialect.sessions(connection, ASK_MS);
    const backends = new Set((await plane.stats(pool.name)).nodes[name]?.backendIds);
    return sessions
      .filter((session) => session.client && !ours.has(session.user) && !backends.has(session.id))
      .map(({ id, user, host, command, ageMs }) => ({
        id,
        user,
        host,
        command,
        ageMs,
        allowed: pool.switch.allow.includes(user),
      }));
  };
  const first = await look();
  if (first.length === 0) {
    return first;
  }
  await sleep(clock, SECOND_LOOK_MS);
  const second = new Set((await look()).map((session) => session.id));
  return first.filter((session) => second.has(session.id));
}
