import { AnswerState, counted, type DiscoveredNode, type Discovery } from '@myswitch/orchestrator';
import { printable } from './printable';

/** The tree as people read it: each node under its source, and below it what is wrong with it. */
export function describeDiscovery({ nodes, complete }: Discovery): string {
  const parents = new Map(nodes.map((node, index) => [node, parentOf(node, nodes.slice(0, index))]));
  const drawn: string[] = [];
  const draw = (node: DiscoveredNode, branch: string, below: string): void => {
    const children = nodes.filter((child) => parents.get(child) === node);
    const bar = children.length > 0 ? '│ ' : '  ';
    drawn.push(`${branch}${printable(headOf(node))}`);
    for (const line of detailsOf(node, parents.get(node) ?? null)) drawn.push(`${below}${bar}  ${printable(line)}`);
    for (const child of children) {
      const last = child === children.at(-1);
      draw(child, `${below}${last ? '└─ ' : '├─ '}`, `${below}${last ? '   ' : '│  '}`);
    }
  };
  for (const root of nodes.filter((node) => parents.get(node) === null)) draw(root, '', '');
  return [...drawn, '', summaryOf(nodes, complete)].join('\n');
}

/** The first one above it: in a circle that is where the drawing begins. */
function parentOf(node: DiscoveredNode, above: readonly DiscoveredNode[]): DiscoveredNode | null {
  return above.find(({ name }) => node.sources.some((source) => source.node === name)) ?? null;
}

const PRODUCT = { mysql: 'MySQL', mariadb: 'MariaDB' } as const;

function headOf(node: DiscoveredNode): string {
  if (node.answer !== AnswerState.ANSWERED) return `${node.name}  ${node.answer}`;
  const parts = [
    node.name,
    node.kind === null ? '' : `${PRODUCT[node.kind]} ${(node.version ?? '').replace(/-.*$/, '')}`,
    node.role,
    node.readOnly === true ? 'read-only' : 'writable',
    node.sources.length === 0 ? '' : `lag ${lagOf(node)}`,
    `up ${durationOf(node.uptimeSeconds ?? 0)}`,
  ];
  return parts.filter((part) => part !== '').join('  ');
}

function lagOf({ sources }: DiscoveredNode): string {
  const lags = sources.map(({ lagSeconds }) => lagSeconds);
  return lags.some((lag) => lag === null) ? 'unknown' : `${Math.max(...lags.map((lag) => lag ?? 0))} s`;
}

function durationOf(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 2 * 3_600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 2 * 86_400 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

function detailsOf(node: DiscoveredNode, parent: DiscoveredNode | null): readonly string[] {
  const gtid = node.gtid === null || node.gtid === '' ? [] : [`GTID ${node.gtid}`];
  const sources = node.sources.map((source) => source.node).join(' and ');
  const several =
    sources !== '' && sources !== parent?.name ? [`follows ${sources}${parent === null ? ', below' : ''}`] : [];
  return [...gtid, ...several, ...node.problems.map(({ code, message }) => `! ${code}: ${message}`)];
}

function summaryOf(nodes: readonly DiscoveredNode[], complete: boolean): string {
  const wrong = nodes.filter(({ problems }) => problems.length > 0).length;
  const state = wrong === 0 ? 'nothing wrong' : `something is wrong with ${wrong}`;
  return `${counted(nodes.length, 'node')}, ${state}${complete ? '' : '; there may be more behind those that did not tell all'}`;
}
