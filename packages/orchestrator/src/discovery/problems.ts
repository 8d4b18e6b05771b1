import { formatAddress } from '../link/address';
import { counted } from '../counted';
import type { Channel } from '../dialects/dialect';
import type { CodedMessage } from '../report';
import { AnswerState, type Server } from './answer';
import { isWritable, sourcesOf, type Shape } from './order';
import type { Link, TreeNode } from './tree';

/** What is looked at to judge one node. */
interface Facts {
  readonly node: TreeNode;
  readonly server: Server;
  readonly followers: readonly TreeNode[];
  /** Part of a circle: nodes that follow each other. */
  readonly circle: readonly TreeNode[];
  readonly all: readonly TreeNode[];
  /** Transactions that its sources lack; null: nobody could be asked. */
  readonly errant: string | null;
}

type Look = (facts: Facts) => readonly CodedMessage[];

const nameOf = (node: TreeNode): string => formatAddress(node.address);
const namesOf = (nodes: readonly TreeNode[]): string => nodes.map(nameOf).join(', ');
const serverOf = ({ answer }: TreeNode): Server | null =>
  answer.state === AnswerState.ANSWERED ? answer.server : null;

type Channelled = Link & { readonly channel: Channel };
const channelsOf = (node: TreeNode): readonly Channelled[] =>
  node.links.filter((link): link is Channelled => link.channel !== null);

const told = (when: boolean, code: string, message: () => string): readonly CodedMessage[] =>
  when ? [{ code, message: message() }] : [];

/** Another node of the tree says the same of itself. */
const twice = ({ node, all }: Facts, same: (server: Server) => boolean): readonly TreeNode[] =>
  all.filter((other) => {
    const server = serverOf(other);
    return other !== node && server !== null && same(server);
  });

const identity: Look = (facts) => {
  const { serverId, identity: uuid } = facts.server.observation;
  const ids = twice(facts, ({ observation }) => observation.serverId === serverId);
  const uuids = twice(facts, ({ observation }) => observation.identity === uuid && uuid !== `${serverId}`);
  return [
    ...told(ids.length > 0, 'SERVER_ID', () => `server_id ${serverId} is that of ${namesOf(ids)} too`),
    ...told(uuids.length > 0, 'SERVER_UUID', () => `server_uuid ${uuid} is that of ${namesOf(uuids)} too`),
  ];
};

const kind: Look = ({ node, server }) => {
  const others = sourcesOf(node).filter((source) => {
    const found = serverOf(source);
    return found !== null && found.observation.kind !== server.observation.kind;
  });
  return told(others.length > 0, 'KIND', () => `it follows another kind of server: ${namesOf(others)}`);
};

const numbers = (version: string): readonly [number, number] => {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return [Number(major), Number(minor)];
};

/** Replication from a newer series to an older one is not supported by either kind. */
const version: Look = ({ node, server }) =>
  sourcesOf(node).flatMap((source) => {
    const theirs = serverOf(source)?.observation;
    if (theirs === undefined || theirs.kind !== server.observation.kind) {
      return [];
    }
    const [ourMajor, ourMinor] = numbers(server.observation.version);
    const [major, minor] = numbers(theirs.version);
    return told(
      major > ourMajor || (major === ourMajor && minor > ourMinor),
      'VERSION',
      () => `it is older than its source ${nameOf(source)} (${server.observation.version}, ${theirs.version})`,
    );
  });

const writable: Look = ({ node, circle, followers }) => {
  const writers = circle.filter((other) => other !== node && isWritable(other));
  if (isWritable(node)) {
    return [
      ...told(writers.length > 0, 'TWO_WRITERS', () => `it is writable, and so is ${namesOf(writers)} in its circle`),
      ...told(
        node.links.length > 0 && circle.length === 0,
        'WRITABLE_REPLICA',
        () => 'it replicates and is writable: SET GLOBAL read_only = 1',
      ),
    ];
  }
  const noWriter = circle.length > 0 ? writers.length === 0 : node.links.length === 0 && followers.length > 0;
  return told(noWriter, 'READ_ONLY', () =>
    circle.length > 0 ? 'nobody in its circle is writable' : 'it is a primary and read-only',
  );
};

function problemsOfChannel({ channel, source, replaced }: Channelled): readonly CodedMessage[] {
  const from = `the channel${channel.name === '' ? '' : ` "${channel.name}"`} from ${nameOf(source)}`;
  const threads = [channel.receiving ? [] : ['receiver'], channel.applying ? [] : ['applier']].flat();
  const error = channel.lastError === null ? '' : `: ${channel.lastError}`;
  return [
    ...told(threads.length > 0, 'REPLICATION_STOPPED', () => `${from}: ${threads.join(' and ')} not running${error}`),
    ...told(replaced, 'SOURCE_REPLACED', () => `${from} has replicated from another server than answers there now`),
    ...told(!channel.autoPosition, 'GTID_MODE', () => `${from} does not follow by GTID`),
    ...told(channel.delaySeconds > 0, 'DELAYED', () => `${from} is delayed on purpose by ${channel.delaySeconds} s`),
    ...told(channel.filters.length > 0, 'FILTERS', () => `${from}: ${channel.filters.join(', ')}`),
  ];
}

const channels: Look = ({ node }) => channelsOf(node).flatMap((link) => problemsOfChannel(link));

const settings: Look = ({ node, server: { survey } }) => [
  ...told(survey.gtidProblem !== '', 'GTID_MODE', () => survey.gtidProblem),
  ...told(!survey.logBin, 'BINLOG', () => 'it writes no binary log'),
  ...told(
    survey.logBin && !survey.logReplicaUpdates && node.links.length > 0,
    'BINLOG',
    () => 'it does not log what it replicates (log_replica_updates, log_slave_updates)',
  ),
  ...told(survey.binlogFilters.length > 0, 'FILTERS', () => survey.binlogFilters.join(', ')),
  ...survey.missingGrants.map((message) => ({ code: 'PRIVILEGES', message })),
];

const semiSync: Look = ({ server }) => {
  const { source, ackers, waitFor } = server.survey.semiSync;
  return told(
    source && ackers < waitFor,
    'SEMI_SYNC',
    () => `a commit waits for ${waitFor} acknowledgement(s), and ${ackers} replica(s) can give one`,
  );
};

const errant: Look = ({ errant: transactions }) =>
  told(
    transactions !== null && transactions !== '',
    'ERRANT',
    () => `it has transactions that its sources lack: ${transactions}`,
  );

const notFound: Look = ({ node }) => [
  ...node.lost.map(({ serverId, host, port }) => ({
    code: 'REPLICA_NOT_FOUND',
    message:
      host === ''
        ? `the replica with server_id ${serverId} does not say where it is (report_host), and is not at the addresses that are likely`
        : `the replica with server_id ${serverId} says it is at ${formatAddress({ host, port })}, where another server answers`,
  })),
  ...told(
    node.strangers.length > 0,
    'BINLOG_READERS',
    () =>
      `of ${counted(node.strangers.length, 'connection')} that read its binary log (from ${[...new Set(node.strangers)].slice(0, 20).join(', ')}) ` +
      'some belong to nobody who was found: replicas without report_host, or tools',
  ),
];

const LOOKS: readonly Look[] = [identity, kind, version, writable, channels, settings, semiSync, errant, notFound];

/** What is wrong with a node, as far as can be told from the tree. */
export function problemsOf(
  node: TreeNode,
  { nodes, followers, circles }: Shape,
  errantTransactions: string | null,
): readonly CodedMessage[] {
  if (node.answer.state !== AnswerState.ANSWERED) {
    return [{ code: node.answer.state, message: node.answer.reason }];
  }
  const facts: Facts = {
    node,
    server: node.answer.server,
    followers: followers.get(node) ?? [],
    circle: circles.get(node) ?? [],
    all: nodes,
    errant: errantTransactions,
  };
  return LOOKS.flatMap((look) => look(facts));
}
