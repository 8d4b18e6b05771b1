import { NO_PULSE } from '../../src/watch/beats';
import type { Channel, Observation } from '../../src/dialects/dialect';
import { UNSEEN_RUNS } from '../../src/watch/runs';
import type { NodeView, Topology } from '../../src/watch/topology';

export const channel = (sourceIdentity: string, change: Partial<Channel> = {}): Channel => ({
  name: '',
  sourceHost: 'host',
  sourcePort: 3306,
  sourceIdentity,
  receiving: true,
  stopped: false,
  receiverErrno: 0,
  applying: true,
  lagSeconds: 0,
  autoPosition: true,
  delaySeconds: 0,
  filters: [],
  lastError: null,
  ...change,
});

/** A node whose identity is `id-NAME`; `follows` names other nodes. */
export function node(
  name: string,
  readOnly: boolean,
  follows: readonly string[] = [],
  change: Partial<Observation> = {},
): NodeView {
  return {
    name,
    type: 'PRIMARY',
    pulse: NO_PULSE,
    runs: UNSEEN_RUNS,
    reachable: true,
    lastPoll: 1,
    latePolls: 0,
    lastGood: 1,
    error: null,
    standing: { state: 'STANDBY', errors: 0, status: 'OK', message: null },
    override: null,
    observation: {
      kind: 'mysql',
      version: '9.7.4',
      identity: `id-${name}`,
      serverId: Number(name.replace(/\D/g, '')),
      readOnly,
      found: { readOnly, superReadOnly: readOnly, eventScheduler: true },
      channels: follows.map((source) => channel(`id-${source}`)),
      gtid: '',
      ...change,
    },
  };
}

export const down = (name: string): NodeView => ({
  name,
  type: 'PRIMARY',
  pulse: NO_PULSE,
  runs: UNSEEN_RUNS,
  reachable: false,
  lastPoll: 1,
  latePolls: 0,
  lastGood: 1,
  error: 'connection refused',
  standing: { state: 'STANDBY', errors: 3, status: 'OK_CRITICAL', message: 'connection refused' },
  override: null,
  observation: null,
});

export const topology = (...nodes: readonly NodeView[]): Topology => ({ nodes });
