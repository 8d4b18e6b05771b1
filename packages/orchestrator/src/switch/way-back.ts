import type { CodedMessage, FlightRecord } from '../report';
import { standingOf, typeOf, type NodeView, type Topology } from '../watch/topology';

/** The node to move to, or why there is none. */
export type Target = { readonly to: string } | { readonly refusal: CodedMessage };

const refuse = (code: string, message: string): Target => ({ refusal: { code, message } });

/** Where the last switch came from, as long as nothing else has happened since. `records`: oldest first. */
export function lastFrom(records: readonly FlightRecord[], active: string | null): Target {
  const last = records.findLast(({ result }) => result === 'switched');
  if (last?.from === undefined || last.from === null) {
    return refuse('NO_SWITCH', 'there is no switch on record to undo');
  }
  if (last.kind === 'failover') {
    return refuse(
      'CHANGED',
      `the last move was a failover to ${last.to ?? '?'} (${last.id}): name the node of a switch`,
    );
  }
  if (last.to !== active) {
    const now = active === null ? 'nobody is' : `${active} is`;
    return refuse('CHANGED', `${now} ACTIVE now, and the last switch (${last.id}) led to ${last.to ?? '?'}`);
  }
  return { to: last.from };
}

/** The node of type PRIMARY that stands by; among several the one with the greatest weight. */
export function primaryIn(nodes: readonly Weighted[], topology: Topology, active: string | null): Target {
  const primaries = topology.nodes.filter((node) => typeOf(node) === 'PRIMARY');
  if (primaries.some(({ name }) => name === active)) {
    return refuse('ALREADY_ACTIVE', `${active ?? ''} is of type PRIMARY and is ACTIVE`);
  }
  const weightOf = ({ name, override }: NodeView): number =>
    override?.weight ?? nodes.find((node) => node.name === name)?.weight ?? 0;
  const [best] = primaries
    .filter((node) => standingOf(node).state === 'STANDBY')
    .sort((a, b) => weightOf(b) - weightOf(a));
  if (best !== undefined) {
    return { to: best.name };
  }
  const told = primaries.map((node) => `${node.name} is ${standingOf(node).state}`).join(', ');
  return refuse('NO_PRIMARY', `no node of type PRIMARY stands by${told === '' ? '' : `: ${told}`}`);
}

interface Weighted {
  readonly name: string;
  readonly weight: number;
}
