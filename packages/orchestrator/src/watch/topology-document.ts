import type { Channel, Kind, Observation } from '../dialects/dialect';
import type { Role } from './topology';

/** One channel of a node in a topology document. */
export interface SourceDocument {
  /** The channel's name; empty for the default one. */
  readonly channel: string;
  /** Name of the node that it follows; null: none of the document. */
  readonly node: string | null;
  /** The source as the replica spells it. */
  readonly address: string;
  readonly receiving: boolean | null;
  readonly applying: boolean | null;
  readonly lagSeconds: number | null;
  readonly delaySeconds: number;
  /** Follows by GTID. */
  readonly autoPosition: boolean | null;
  readonly filters: readonly string[];
  readonly lastError: string | null;
}

/** What the documents of a discovered tree and of a running pool have in common: one server. Null is unknown. */
export interface NodeDocument {
  readonly name: string;
  readonly address: string;
  readonly role: Role;
  readonly kind: Kind | null;
  readonly version: string | null;
  /** server_uuid (MySQL) or server_id (MariaDB). */
  readonly identity: string | null;
  readonly serverId: number | null;
  readonly readOnly: boolean | null;
  readonly gtid: string | null;
  readonly sources: readonly SourceDocument[];
}

interface Named {
  readonly name: string;
  readonly address: string;
  readonly role: Role;
}

export const describeNode = (
  { name, address, role }: Named,
  seen: Observation | null,
  sources: readonly SourceDocument[],
): NodeDocument => ({
  name,
  address,
  role,
  kind: seen?.kind ?? null,
  version: seen?.version ?? null,
  identity: seen?.identity ?? null,
  serverId: seen?.serverId ?? null,
  readOnly: seen?.readOnly ?? null,
  gtid: seen?.gtid ?? null,
  sources,
});

export const describeSource = (channel: Channel, node: string | null, address: string): SourceDocument => ({
  channel: channel.name,
  node,
  address,
  receiving: channel.receiving,
  applying: channel.applying,
  lagSeconds: channel.lagSeconds,
  delaySeconds: channel.delaySeconds,
  autoPosition: channel.autoPosition,
  filters: channel.filters,
  lastError: channel.lastError,
});
