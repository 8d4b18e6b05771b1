import { AnswerState, type DiscoveredNode, type Discovery, formatAddress } from '@myswitch/orchestrator';
import { Document } from 'yaml';
import { tcpEndpoint } from '../config';
import { printable } from '../output/printable';
import type { PasswordSource } from '../passwords';
import { Env } from './environment';

interface Account {
  readonly user: string;
  readonly password: PasswordSource;
}

/** What a tree can't tell; whatever is left out has a default that the operator looks over. */
interface Choices {
  readonly pool?: string;
  readonly listen?: string;
  readonly control?: Account;
  readonly replication?: Account;
  readonly admin?: PasswordSource;
}

const FIRST_PORT = 3307;
const FIRST_ADMIN_PORT = 6032;
const FIRST_HTTP_PORT = 6080;

/** The text of a myswitch.yaml with one pool of every server that answered; the others are named in a comment. */
export function proposeConfig(found: Discovery, choices: Choices = {}): string {
  const answered = found.nodes.filter(({ answer }) => answer === AnswerState.ANSWERED);
  const others = found.nodes.filter(({ answer }) => answer !== AnswerState.ANSWERED);
  const names = namesFor(answered);
  const primary = primaryOf(found);
  const free = freePorts(answered);
  const replicationUser = answered.flatMap(({ replicationUsers }) => replicationUsers)[0] ?? 'repl';
  const document = new Document({
    admin: { listen: free(FIRST_ADMIN_PORT), password: choices.admin ?? { env: Env.ADMIN } },
    http: { listen: free(FIRST_HTTP_PORT) },
    pools: [
      {
        name: choices.pool ?? 'main',
        listen: choices.listen ?? free(FIRST_PORT),
        nodes: answered.map((node, index) => ({
          name: names[index],
          address: node.address,
          type: node === primary ? 'primary' : 'secondary',
          replicationAddress: replicationAddress(node, answered), // undefined is left out
        })),
        control: choices.control ?? { user: 'myswitch', password: { env: Env.CONTROL } },
        replication: choices.replication ?? {
          user: replicationUser,
          password: { env: Env.REPLICATION },
        },
      },
    ],
  });
  const left = others.map(
    ({ name, problems }) => ` not in it: ${name} (${printable(problems[0]?.message ?? 'unknown reason')})`,
  );
  document.commentBefore = [` Made from the replication tree around ${found.start}.`, ...left].join('\n');
  return document.toString({ lineWidth: 0 });
}

/** The first that is one and writes; where there is none, the first that answered. */
export function primaryOf({ nodes }: Discovery): DiscoveredNode | undefined {
  const answered = nodes.filter(({ answer }) => answer === AnswerState.ANSWERED);
  return answered.find(({ role, readOnly }) => role === 'primary' && readOnly === false) ?? answered[0];
}

/** The machines' own names where each has another, else db1, db2 …, sources first. */
function namesFor(nodes: readonly DiscoveredNode[]): readonly string[] {
  const short = nodes.map(({ hostname }) => (hostname ?? '').replace(/\..*$/, ''));
  const useful = short.every((name) => /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/.test(name) && name !== 'localhost');
  return useful && new Set(short).size === nodes.length ? short : nodes.map((_, index) => `db${index + 1}`);
}

/** Where its replicas reach it, when they say another address than the one at which we do. */
function replicationAddress(node: DiscoveredNode, all: readonly DiscoveredNode[]): string | undefined {
  const channels = all.flatMap(({ sources }) => sources).filter((source) => source.node === node.name);
  const told = channels.map(({ address }) => address).sort();
  if (told.includes(node.address)) return undefined;
  // a neighbour's loopback address would lead the others nowhere
  return told.find((address) => !/^(localhost|127\.|\[::1\])/i.test(address));
}

/** Addresses on loopback to listen on, next to none of the servers and each other. */
function freePorts(nodes: readonly DiscoveredNode[]): (first: number) => string {
  const taken = new Set(nodes.map(({ address }) => tcpEndpoint(address)?.port));
  return (first) => {
    let port = first;
    while (taken.has(port)) port += 1;
    taken.add(port);
    return formatAddress({ host: '127.0.0.1', port });
  };
}
