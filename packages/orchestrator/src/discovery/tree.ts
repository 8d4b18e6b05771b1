import type { Address } from '../link/address';
import { Kind, type Channel, type RegisteredReplica } from '../dialects/dialect';
import { compareAddresses, keyOf, seenFrom } from './addresses';
import { AnswerState, type Answer, type Answers, type Server } from './answer';

const STANDARD_PORT = 3306;
/** What one server may name, whatever it says. */
const NAMES = 2000;
const GUESSED_HOSTS = 32;

/** Who told an address; the lower ones say how the tree itself spells it, whoever started the walk. */
const Rank = Object.freeze({ SOURCE: 0, REPORTED: 1, GUESSED: 2, START: 3 } as const);
type Rank = (typeof Rank)[keyof typeof Rank];

interface Name {
  readonly rank: Rank;
  readonly address: Address;
}

/** That a node replicates from another. */
export interface Link {
  readonly source: TreeNode;
  /** As the replica says it; null: only the source says that there is one. */
  readonly channel: Channel | null;
  /** Where the channel's source is for us. */
  readonly target: Address;
  /** Another server answers at the channel's address than the one that it replicated from. */
  readonly replaced: boolean;
}

/** One server of the tree, reached or not. */
export interface TreeNode {
  /** Where it is reached, in the tree's own spelling. */
  readonly address: Address;
  readonly answer: Answer;
  readonly links: readonly Link[];
  /** Registered at it, and not found. */
  readonly lost: readonly RegisteredReplica[];
  /** Hosts of connections that read its binary log and belong to nobody who was found. */
  readonly strangers: readonly string[];
}

export interface Tree {
  readonly nodes: readonly TreeNode[];
  /** Every address that its servers name. */
  readonly named: readonly Address[];
}

interface Draft {
  address: Address;
  answer: Answer;
  /** Null: it did not answer. */
  readonly server: Server | null;
  /** Addresses at which it answered, in order; those that were told of one that did not answer. */
  readonly reached: Address[];
  readonly links: (Link & { readonly source: Draft })[];
  lost: RegisteredReplica[];
  strangers: readonly string[];
}

/**
 * Who replicates from whom, as far as the answers say, and everything that hangs together with the server at `start`. Servers are told
 * apart by what they say of themselves, never by how an address is spelled. A pure function of the answers.
 */
export function findTree(start: Address, answers: Answers): Tree {
  const drafts = new Drafts(answers);
  const followers = new Lists<Draft, Draft>();
  for (const replica of drafts.servers) {
    for (const channel of channelsOf(replica)) {
      const link = drafts.linkOf(replica, channel);
      replica.links.push(link);
      followers.add(link.source, replica);
    }
  }
  for (const source of drafts.servers) {
    addRegistered(source, followers.of(source), drafts);
  }
  const component = connected(drafts.at(start), drafts.all);
  const names = component.flatMap((node) => namesOf(node));
  const spellings = new Lists<Draft, Name>();
  for (const name of [...names, { rank: Rank.START, address: start }]) {
    spellings.add(drafts.at(name.address), name);
  }
  for (const node of component) {
    const [best] = [...spellings.of(node)].sort((a, b) => a.rank - b.rank || compareAddresses(a.address, b.address));
    node.address = best?.address ?? node.address;
    node.answer = answers.get(keyOf(node.address))?.answer ?? node.answer;
  }
  // whoever is named beyond the walk's limit is not in the picture
  const nodes = component.filter(({ address }) => answers.has(keyOf(address)));
  return { nodes, named: names.map(({ address }) => address) };
}

/** A list for each key. */
class Lists<K, V> {
  readonly #lists = new Map<K, V[]>();

  add(key: K, value: V): void {
    const list = this.#lists.get(key);
    if (list === undefined) {
      this.#lists.set(key, [value]);
    } else {
      list.push(value);
    }
  }

  of(key: K): readonly V[] {
    return this.#lists.get(key) ?? [];
  }
}

/** Servers by their own word, and those that are only spoken of. */
class Drafts {
  readonly #answers: Answers;
  readonly #byPlace = new Map<string, Draft>();
  readonly #byAddress = new Map<string, Draft>();
  readonly #silent = new Map<string, Draft>();
  readonly #byIdentity = new Lists<string, Draft>();

  constructor(answers: Answers) {
    this.#answers = answers;
    const asked = [...answers.values()].sort((a, b) => compareAddresses(a.address, b.address));
    for (const { address, answer } of asked) {
      if (answer.state === AnswerState.ANSWERED) {
        const { place } = answer.server.survey;
        const draft = this.#byPlace.get(place) ?? newDraft(address, answer);
        draft.reached.push(address);
        this.#byPlace.set(place, draft);
        this.#byAddress.set(keyOf(address), draft);
      }
    }
    for (const draft of this.#byPlace.values()) {
      this.#byIdentity.add(draft.server?.observation.identity ?? '', draft);
    }
  }

  get servers(): readonly Draft[] {
    return [...this.#byPlace.values()];
  }

  get all(): readonly Draft[] {
    return [...this.#byPlace.values(), ...new Set(this.#silent.values())];
  }

  /** Who answers there, or stands for whoever should. */
  at(address: Address): Draft {
    return this.#byAddress.get(keyOf(address)) ?? this.silent(address, '');
  }

  answering(address: Address): Draft | undefined {
    return this.#byAddress.get(keyOf(address));
  }

  /** Two spellings are one server when its server_uuid is known; a server_id would not tell. */
  silent(address: Address, uuid: string): Draft {
    const key = keyOf(address);
    const answer = this.#answers.get(key)?.answer ?? { state: AnswerState.NOT_ASKED, reason: 'not asked' };
    const draft = this.#silent.get(key) ?? this.#silent.get(uuid) ?? newDraft(address, answer);
    this.#silent.set(key, draft);
    if (uuid !== '') {
      this.#silent.set(uuid, draft);
    }
    return draft;
  }

  linkOf(replica: Draft, channel: Channel): Link & { readonly source: Draft } {
    const target = seenFrom({ host: channel.sourceHost, port: channel.sourcePort }, replica.reached);
    const there = this.answering(target);
    const wanted = channel.sourceIdentity;
    if (there !== undefined && (wanted === '' || there.server?.observation.identity === wanted)) {
      return { source: there, channel, target, replaced: false };
    }
    const elsewhere = wanted === '' ? undefined : this.#elsewhere(replica, wanted);
    if (elsewhere !== undefined) {
      return { source: elsewhere, channel, target, replaced: false };
    }
    const uuid = replica.server?.observation.kind === Kind.MYSQL ? wanted : '';
    const source = there ?? this.silent(target, uuid);
    return { source, channel, target, replaced: there !== undefined };
  }

  /** The one known server of that identity. A server_id is not enough for that: the server must know the replica too. */
  #elsewhere(replica: Draft, identity: string): Draft | undefined {
    const [found, second] = this.#byIdentity.of(identity);
    const { kind, serverId } = replica.server?.observation ?? { kind: Kind.MARIADB, serverId: 0 };
    if (found === undefined || second !== undefined || found === replica) {
      return undefined;
    }
    const registered = registeredAt(found);
    return kind === Kind.MYSQL || registered.some((row) => row.serverId === serverId) ? found : undefined;
  }
}

const newDraft = (address: Address, answer: Answer): Draft => ({
  address,
  answer,
  server: answer.state === AnswerState.ANSWERED ? answer.server : null,
  reached: [],
  links: [],
  lost: [],
  strangers: [],
});

/** Group replication has channels without a host. */
const channelsOf = (node: Draft): readonly Channel[] =>
  (node.server?.observation.channels ?? []).filter(({ sourceHost }) => sourceHost !== '');

const registeredAt = ({ server }: Draft): readonly RegisteredReplica[] =>
  (server?.survey.replicas ?? []).slice(0, NAMES);

const registeredAddress = (source: Draft, { host, port }: RegisteredReplica): Address =>
  seenFrom({ host, port }, source.reached);

/** Links that only the source knows of, since the replica did not answer; and who registered or reads there and was not found at all. */
function addRegistered(source: Draft, followers: readonly Draft[], drafts: Drafts): void {
  if (source.server === null) {
    return;
  }
  const { readers } = source.server.survey;
  const found = new Set(
    followers.flatMap(({ server }) => [server?.observation.identity, `${server?.survey.logged.serverId}`]),
  );
  const missing = registeredAt(source).filter(({ uuid, serverId }) => !found.has(uuid === '' ? `${serverId}` : uuid));
  for (const row of missing) {
    const target = registeredAddress(source, row);
    const there = row.host === '' ? undefined : drafts.answering(target);
    if (row.host !== '' && there === undefined) {
      drafts.silent(target, row.uuid).links.push({ source, channel: null, target, replaced: false });
    } else if (there === undefined || !followers.includes(there)) {
      source.lost.push(row);
    }
  }
  const links = followers.flatMap((node) => node.links.filter((link) => link.source === source));
  const receiving = links.filter(({ channel }) => channel?.receiving === true);
  if (readers.length > receiving.length + missing.length) {
    source.strangers = readers;
  }
}

/** The addresses that a server names. */
function namesOf(node: Draft): readonly Name[] {
  if (node.server === null) {
    return [];
  }
  const sources = node.links.map(({ target }) => ({ rank: Rank.SOURCE, address: target }));
  const registered = registeredAt(node);
  const { readers } = node.server.survey;
  const hosts = [...new Set(readers)].slice(0, GUESSED_HOSTS);
  const guess = (port: number): Name[] =>
    hosts.map((host) => ({ rank: Rank.GUESSED, address: seenFrom({ host, port }, node.reached) }));
  const reported = registered.flatMap((row): readonly Name[] =>
    row.host === '' ? guess(row.port) : [{ rank: Rank.REPORTED, address: registeredAddress(node, row) }],
  );
  const ports = new Set([STANDARD_PORT, ...node.reached.map(({ port }) => port)]);
  const guessed = readers.length > registered.length ? [...ports].flatMap(guess) : [];
  return [...sources, ...reported, ...guessed]
    .filter(({ address: { port } }) => port > 0 && port < 65_536)
    .slice(0, NAMES);
}

function connected(first: Draft, all: readonly Draft[]): Draft[] {
  const neighbours = new Lists<Draft, Draft>();
  for (const node of all) {
    for (const { source } of node.links) {
      neighbours.add(node, source);
      neighbours.add(source, node);
    }
  }
  const found = new Set([first]);
  for (const node of found) {
    for (const next of neighbours.of(node)) {
      found.add(next);
    }
  }
  return [...found];
}
