import type { NodeState, NodeStatus, NodeType } from './words';
import type { Standing } from './standing';

/** What an operator may set; what is undefined is left to configuration and ladder. */
export interface Setting {
  readonly type?: NodeType;
  readonly state?: NodeState;
  readonly status?: NodeStatus;
  /** 0 to 1000 */
  readonly weight?: number;
}

/** What an operator says of a node until it is released. Below it the ladder goes on. */
export interface Override extends Setting {
  readonly by: string;
  /** ISO 8601 */
  readonly at: string;
}

/** What the pool takes the node for. An ACTIVE stays one, whatever was set before it became it: one node takes the writes. */
export function overruled(standing: Standing, override: Override | null): Standing {
  if (override === null) return standing;
  const active = standing.state === 'ACTIVE';
  const state = active ? standing.state : (override.state ?? standing.state);
  const status = active && override.status === 'FAIL' ? standing.status : (override.status ?? standing.status);
  const found = `${standing.status}/${standing.state}`;
  const ladder = standing.message === null ? found : `${found}: ${standing.message}`;
  return {
    ...standing,
    state,
    status,
    message: `${wordsOf(override)} set by ${override.by}; the ladder says ${ladder}`,
  };
}

/** The settings alone, as an operator writes them: `STATE FAILED_ONLINE, WEIGHT 0`. */
export function wordsOf({ type, state, status, weight }: Setting): string {
  const words = Object.entries({ TYPE: type, STATE: state, STATUS: status, WEIGHT: weight });
  return words
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/** Whether the ladder decides when this node has failed: not where its status is set. */
export const isJudged = (override: Override | null): boolean => override?.status === undefined;

/** An operator keeps the node from being chosen. */
export const isSetAside = (override: Override | null): boolean =>
  override !== null && (override.status === 'FAIL' || (override.state !== undefined && override.state !== 'STANDBY'));

/** Why it can't be set, with what to do instead; null: it can. */
export function objection(pool: string, name: string, isActive: boolean, { state, status }: Setting): string | null {
  if (state === 'ACTIVE') {
    return isActive
      ? `${name} is ACTIVE already`
      : `a node becomes ACTIVE by a switch (npx myswitch switch ${pool} --to ${name}) or, when the ACTIVE is dead, by a failover (npx myswitch failover ${pool} --to ${name})`;
  }
  if (isActive && (state !== undefined || status === 'FAIL')) {
    return `${name} is ACTIVE and takes the writes: it is relieved by a switch (npx myswitch switch ${pool}) or, when it is dead, by a failover (npx myswitch failover ${pool})`;
  }
  return null;
}
