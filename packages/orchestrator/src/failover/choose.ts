import type { CodedMessage, NodeType } from '../report';

/** A node that might take over. */
export interface Candidate {
  readonly name: string;
  readonly type: NodeType;
  /** 0: never. */
  readonly weight: number;
  /** An operator set it to a state or status that keeps it from being chosen. */
  readonly setAside: boolean;
  readonly site: string | null;
  readonly reachable: boolean;
  /** On the ladder, and nobody has recovered it. */
  readonly failed: boolean;
  readonly readOnly: boolean;
  /** It replicates from the dead primary. */
  readonly follows: boolean;
  readonly applying: boolean;
  readonly delaySeconds: number;
  readonly filters: readonly string[];
  /** What it says of its lag was found out to be wrong. */
  readonly doubted: boolean;
  readonly logs: boolean;
  /** Transactions that other nodes have received, or the dead one had long before, by node, and this one has not. */
  readonly lacks: readonly { readonly node: string; readonly gtid: string }[];
}

export interface Wish {
  readonly to: string | null;
  readonly force: boolean;
  readonly site: string | null;
}

export type Choice =
  | { readonly to: string; readonly losing: Candidate['lacks'] }
  | { readonly to: null; readonly reasons: readonly CodedMessage[] };

/**
 * The most advanced node, and among equals the one that the operator prefers: by weight, type, site, name. One that was found to lie of its lag
 * comes after all who were not. A node that lacks what another has is taken only by force.
 */
export function choose(candidates: readonly Candidate[], wish: Wish): Choice {
  const wanted = wish.to === null ? candidates : candidates.filter(({ name }) => name === wish.to);
  if (wanted.length === 0) {
    return none([{ code: 'NOT_A_NODE', message: `${wish.to ?? 'the pool'} is not another node of the pool` }]);
  }
  const reasons: CodedMessage[] = [];
  const fit: Candidate[] = [];
  for (const candidate of wanted) {
    const why = unfit(candidate, wish);
    if (why === null) fit.push(candidate);
    else reasons.push(why);
  }
  const [best] = fit.sort((a, b) => order(a, b, wish));
  return best === undefined ? none(reasons) : { to: best.name, losing: best.lacks };
}

const none = (reasons: readonly CodedMessage[]): Choice => ({ to: null, reasons });

function unfit(node: Candidate, { to, force }: Wish): CodedMessage | null {
  const { name } = node;
  if (!node.reachable) return { code: 'UNREACHABLE', message: `${name} does not answer` };
  if (node.setAside && to === null) {
    return { code: 'SET_ASIDE', message: `${name} was set aside by an operator: npx myswitch release ${name}` };
  }
  if (node.failed && to === null) return { code: 'FAILED', message: `${name} has failed and was not recovered` };
  if (!node.follows) return { code: 'NOT_REPLICA', message: `${name} does not replicate from the primary` };
  if (!node.readOnly) return { code: 'CANDIDATE_WRITES', message: `${name} is writable already` };
  if (!node.logs) return { code: 'BINLOG', message: `${name} does not log what it applies, so nobody can follow it` };
  if (!node.applying) return { code: 'REPLICATION_STOPPED', message: `${name} does not apply what it has received` };
  if (node.filters.length > 0) return { code: 'FILTERS', message: `${name} filters: ${node.filters.join(', ')}` };
  if (node.weight === 0 && to === null) return { code: 'NEVER', message: `${name} has weight 0: it never takes over` };
  if (node.delaySeconds > 0 && to === null) {
    return { code: 'DELAYED', message: `${name} is kept ${node.delaySeconds} s behind on purpose` };
  }
  if (node.lacks.length > 0 && !force) {
    const what = node.lacks.map((each) => `${each.gtid}, which ${each.node} has`);
    return {
      code: 'LOSES',
      message: `${name} lacks ${what.join('; ')}: it would be lost; --force takes ${name} all the same`,
    };
  }
  return null;
}

function order(a: Candidate, b: Candidate, { site }: Wish): number {
  return (
    rank(!a.doubted, !b.doubted) ||
    a.lacks.length - b.lacks.length ||
    b.weight - a.weight ||
    rank(a.type === 'PRIMARY', b.type === 'PRIMARY') ||
    rank(site !== null && a.site === site, site !== null && b.site === site) ||
    a.name.localeCompare(b.name)
  );
}

const rank = (a: boolean, b: boolean): number => Number(b) - Number(a);
