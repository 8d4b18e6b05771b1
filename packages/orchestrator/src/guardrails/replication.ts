import type { GuardrailAnswer } from '../report';
import { channelFrom } from '../watch/topology';
import { known, pass, refuse } from './answer';
import { some, type ServerFacts } from './facts';

type Guardrail = (facts: ServerFacts) => GuardrailAnswer;

const notReplica: Guardrail = ({ from, to, topology }) => {
  if (!to.reachable) {
    return refuse('NOT_REPLICA', `${to.name} does not answer: ${to.error ?? 'not polled yet'}`);
  }
  if (channelFrom(to, from) === undefined) {
    return refuse('NOT_REPLICA', `${to.name} does not replicate from ${from.name}`);
  }
  const inPool = new Set(topology.nodes.map((node) => node.observation?.identity));
  const stranger = from.observation?.channels.find((channel) => !inPool.has(channel.sourceIdentity));
  return stranger === undefined
    ? pass('NOT_REPLICA', `${to.name} replicates from ${from.name}`)
    : refuse(
        'NOT_REPLICA',
        `${from.name} itself replicates from ${stranger.sourceHost}:${stranger.sourcePort}, which is not in the pool`,
      );
};

const replicationStopped: Guardrail = ({ from, to }) => {
  const channel = channelFrom(to, from);
  if (channel?.receiving === true && channel.applying) {
    return pass('REPLICATION_STOPPED', `both threads of ${to.name} run`);
  }
  const threads = [
    channel?.receiving === true ? [] : ['receiver'],
    channel?.applying === true ? [] : ['applier'],
  ].flat();
  const error = channel?.lastError ?? null;
  return refuse(
    'REPLICATION_STOPPED',
    `${to.name}: ${threads.join(' and ')} not running${error === null ? '' : `: ${error}`}`,
  );
};

/** Measured with the heartbeat: the servers' own seconds are whole ones, and a parallel applier updates them late. */
const lag: Guardrail = ({ from, to, plan, heartbeat, withoutHeartbeat, pool }) => {
  if (withoutHeartbeat.length > 0) {
    return refuse('LAG', `${pool.monitor.schema}.heartbeat has not reached ${some(withoutHeartbeat)}`);
  }
  return known('LAG', heartbeat, (ms) => {
    if (ms !== null && ms <= plan.maxLagMs) {
      return pass('LAG', `${to.name} applied the last change after ${ms.toFixed(1)} ms`);
    }
    const seconds = channelFrom(to, from)?.lagSeconds ?? null;
    return refuse(
      'LAG',
      `${to.name} did not apply the present position of ${from.name} within ${plan.maxLagMs} ms` +
        (seconds === null ? '' : `; it says it is ${seconds} s behind`),
    );
  });
};

const delayed: Guardrail = ({ from, to }) => {
  const seconds = channelFrom(to, from)?.delaySeconds ?? 0;
  return seconds === 0
    ? pass('DELAYED', `${to.name} has no delay`)
    : refuse('DELAYED', `${to.name} is delayed on purpose by ${seconds} s`);
};

const errant: Guardrail = (facts) =>
  known('ERRANT', facts.errant, (gtid) =>
    gtid === ''
      ? pass('ERRANT', `${facts.to.name} has no transaction that ${facts.from.name} lacks`)
      : refuse('ERRANT', `${facts.to.name} has transactions that ${facts.from.name} lacks: ${gtid}`),
  );

const purged: Guardrail = (facts) =>
  known('PURGED', facts.purged, (gaps) =>
    gaps.length === 0
      ? pass('PURGED', `the binary logs of ${facts.to.name} reach back far enough`)
      : refuse(
          'PURGED',
          some(gaps.map(({ node, gtid }) => `${facts.to.name} has purged what ${node} still lacks: ${gtid}`)),
        ),
  );

const filters: Guardrail = ({ from, to, inspection }) =>
  known('FILTERS', inspection.from, (ours) =>
    known('FILTERS', inspection.to, (theirs) => {
      const found = [
        ...(channelFrom(to, from)?.filters ?? []).map((filter) => `${to.name} ${filter}`),
        ...ours.binlogFilters.map((filter) => `${from.name} ${filter}`),
        ...theirs.binlogFilters.map((filter) => `${to.name} ${filter}`),
      ];
      return found.length === 0
        ? pass('FILTERS', 'no replication filter')
        : refuse('FILTERS', `the candidate may lack data: ${some(found)}`);
    }),
  );

const binlog: Guardrail = ({ from, to, inspection }) =>
  known('BINLOG', inspection.to, ({ logBin, logReplicaUpdates }) => {
    if (!logBin) {
      return refuse('BINLOG', `${to.name} writes no binary log, so ${from.name} could not follow it`);
    }
    return logReplicaUpdates
      ? pass('BINLOG', `${to.name} logs what it replicates`)
      : refuse('BINLOG', `${to.name} does not log what it replicates (log_replica_updates, log_slave_updates)`);
  });

const gtidMode: Guardrail = ({ from, to, inspection }) =>
  known('GTID_MODE', inspection.from, (ours) =>
    known('GTID_MODE', inspection.to, (theirs) => {
      const problems = [
        ...(ours.gtidProblem === '' ? [] : [`${from.name}: ${ours.gtidProblem}`]),
        ...(theirs.gtidProblem === '' ? [] : [`${to.name}: ${theirs.gtidProblem}`]),
        ...(channelFrom(to, from)?.autoPosition === false ? [`${to.name} does not follow by GTID`] : []),
      ];
      return problems.length === 0
        ? pass('GTID_MODE', 'replication is by GTID')
        : refuse('GTID_MODE', problems.join('; '));
    }),
  );

const semiSync: Guardrail = ({ from, to, inspection, others, plan }) =>
  known('SEMI_SYNC', inspection.from, (ours) =>
    known('SEMI_SYNC', inspection.to, (theirs) => {
      if (!ours.semiSync.source && !theirs.semiSync.source) {
        return pass('SEMI_SYNC', 'replication is asynchronous');
      }
      if (plan.semiSync === 'suspend') {
        return pass('SEMI_SYNC', `suspended on ${to.name} until ${from.name} follows it`);
      }
      const ackers = others.filter((other) => 'value' in other.semiSync && other.semiSync.value.replica);
      const needed = theirs.semiSync.waitFor;
      return ackers.length >= needed
        ? pass('SEMI_SYNC', `${some(ackers.map((other) => other.name))} acknowledge for ${to.name}`)
        : refuse(
            'SEMI_SYNC',
            `${to.name} would wait for ${needed} acknowledgement(s) and ${ackers.length} other node(s) can give one: the first write would hang (semi-sync suspend)`,
          );
    }),
  );

const candidateWrites: Guardrail = ({ to }) =>
  to.observation?.readOnly === true
    ? pass('CANDIDATE_WRITES', `${to.name} is read-only`)
    : refuse('CANDIDATE_WRITES', `${to.name} is writable: SET GLOBAL read_only = 1 there first`);

export const replicationGuardrails: readonly Guardrail[] = [
  notReplica,
  replicationStopped,
  lag,
  delayed,
  errant,
  purged,
  filters,
  binlog,
  gtidMode,
  semiSync,
  candidateWrites,
];
