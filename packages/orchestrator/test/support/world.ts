import type { Address } from '../../src/link/address';
import type { Channel, Kind } from '../../src/dialects/dialect';
import type { Server } from '../../src/discovery/answer';
import type { Ask } from '../../src/discovery/walk';
import { UnreachableError } from '../../src/errors';

/** A server that is none: what it says, and what others say of it. */
export interface FakeServer {
  readonly id: number;
  readonly kind: Kind;
  /** Addresses at which it answers. */
  readonly addresses: readonly Address[];
  /** server_uuid, or server_id as text. */
  readonly identity: string;
  readonly serverId: number;
  readonly follows: readonly Follows[];
  readonly readOnly: boolean;
  /** What it registers with; null: it does not say where it is. */
  readonly reports: Address | null;
  readonly is: 'UP' | 'DOWN' | 'REFUSING' | 'HANGING';
  readonly change: (server: Server) => Server;
}

interface Follows {
  readonly id: number;
  readonly as: Address;
  readonly channel?: Partial<Channel>;
}

export const at = (id: number): Address => ({ host: `db${id}.example.com`, port: 3306 });

/** Server `id` at dbN.example.com:3306, which follows those servers. */
export function fake(id: number, follows: readonly number[] = [], change: Partial<FakeServer> = {}): FakeServer {
  const kind = change.kind ?? 'mysql';
  return {
    id,
    kind,
    addresses: [at(id)],
    identity: kind === 'mysql' ? `uuid-${id}` : `${change.serverId ?? id}`,
    serverId: id,
    follows: follows.map((source) => ({ id: source, as: at(source) })),
    readOnly: follows.length > 0,
    reports: at(id),
    is: 'UP',
    change: (server) => server,
    ...change,
  };
}

/** What discovery asks, answered by such servers; counts the questions. */
export class World {
  readonly servers: readonly FakeServer[];
  asked = 0;
  atOnce = 0;
  mostAtOnce = 0;

  constructor(servers: readonly FakeServer[]) {
    this.servers = servers;
  }

  readonly ask: Ask = async (address) => {
    this.asked += 1;
    this.atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    const server = this.servers.find(({ addresses }) =>
      addresses.some(({ host, port }) => host === address.host.toLowerCase() && port === address.port),
    );
    if (server?.is === 'HANGING') await new Promise(() => undefined);
    this.atOnce -= 1;
    if (server === undefined || server.is === 'DOWN') throw new UnreachableError('connect ECONNREFUSED');
    if (server.is === 'REFUSING') throw new UnreachableError('Access denied', 1045);
    return server.change(this.#tell(server));
  };

  #tell(server: FakeServer): Server {
    const { kind, identity, serverId, readOnly } = server;
    const followers = this.servers.filter(
      (other) => other.is !== 'DOWN' && other.follows.some(({ id }) => id === server.id),
    );
    return {
      observation: {
        kind,
        version: kind === 'mysql' ? '9.7.4' : '10.11.18-MariaDB',
        identity,
        serverId,
        readOnly,
        found: { readOnly, superReadOnly: readOnly, eventScheduler: false },
        channels: server.follows.map((each) => this.#channel(each)),
        gtid: 'gtid',
      },
      survey: {
        place: `place ${server.id}`,
        hostname: `db${server.id}.example.com`,
        uptimeSeconds: 60,
        logged: { transactions: 'gtid', serverId },
        logBin: true,
        logReplicaUpdates: true,
        gtidProblem: '',
        binlogFilters: [],
        semiSync: { source: false, replica: false, waitFor: 1, ackers: 0 },
        replicas: followers.map((other) => ({
          serverId: other.serverId,
          uuid: kind === 'mysql' ? other.identity : '',
          host: other.reports?.host ?? '',
          port: other.reports?.port ?? other.addresses[0]?.port ?? 0,
        })),
        readers: followers.map((other) => other.addresses[0]?.host ?? ''),
        replicationUsers: server.follows.map(() => 'repl'),
        missingGrants: [],
      },
    };
  }

  #channel({ id, as, channel }: Follows): Channel {
    const source = this.servers.find((other) => other.id === id);
    return {
      name: '',
      sourceHost: as.host,
      sourcePort: as.port,
      sourceIdentity: source?.identity ?? '',
      receiving: source?.is === 'UP',
      stopped: false,
      receiverErrno: 0,
      applying: true,
      lagSeconds: 0,
      autoPosition: true,
      delaySeconds: 0,
      filters: [],
      lastError: null,
      ...channel,
    };
  }
}
