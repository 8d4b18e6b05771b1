import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Found, ScheduledEvent } from '../dialects/dialect';
import { OrchestratorError, systemCode } from '../errors';
import { fileName, writeAtomically } from './atomic-file';

/** How far a switch came. What a restart does for each is in recovery.ts. */
export const Phase = Object.freeze({
  /** As-found values are known; nothing that stops a writer was done. */
  PREPARING: 'PREPARING',
  /**
   * On the disk before the gate closes, so that nobody waits for a disk in the hold: from here the old primary may be fenced, and the
   * candidate may be open.
   */
  SWITCHING: 'SWITCHING',
  /** The probe is committed: the new primary is the primary. */
  PROMOTED: 'PROMOTED',
  /** Clients are on the new primary; replicas are being repointed. */
  RELEASED: 'RELEASED',
  /** Ended with both fenced: an operator decides. */
  FAILED: 'FAILED',
} as const);
export type Phase = (typeof Phase)[keyof typeof Phase];

const MOVES: Readonly<Record<Phase, readonly Phase[]>> = Object.freeze({
  PREPARING: [Phase.SWITCHING],
  SWITCHING: [Phase.PROMOTED, Phase.FAILED],
  PROMOTED: [Phase.RELEASED],
  RELEASED: [],
  FAILED: [],
});

/** A replica that was moved under the candidate before the switch, to be moved back. */
export interface MovedReplica {
  readonly node: string;
  readonly channel: string;
}

export interface SemiSyncSides {
  readonly source: boolean;
  readonly replica: boolean;
}

export const sidesOf = ({ source, replica }: SemiSyncSides): SemiSyncSides => ({ source, replica });

export const Kind = Object.freeze({ SWITCH: 'SWITCH', FAILOVER: 'FAILOVER' } as const);
export type Kind = (typeof Kind)[keyof typeof Kind];

/** A switch or failover that has begun and not ended. */
export interface Operation {
  readonly kind: Kind;
  readonly id: string;
  readonly pool: string;
  readonly phase: Phase;
  readonly from: string;
  readonly to: string;
  /** Of the old primary, as its replicas know it. */
  readonly fromIdentity: string;
  readonly by: string;
  readonly startedAt: string;
  /** The epoch that the new primary gets. */
  readonly epoch: number;
  readonly found: { readonly from: Found; readonly to: Found };
  /** Enabled on the old primary. */
  readonly events: readonly ScheduledEvent[];
  readonly semiSync: { readonly from: SemiSyncSides; readonly to: SemiSyncSides };
  /** The candidate's channel from the old primary, with the options that the old primary's new channel takes over. */
  readonly channel: ChannelPlan;
  /** The old primary followed the candidate already: the pair is circular and stays so. */
  readonly circular: { readonly channel: string } | null;
  readonly movedReplicas: readonly MovedReplica[];
}

/** A channel from the new primary, as one from the old primary was. */
export interface ChannelPlan {
  readonly name: string;
  readonly options: readonly string[];
}

interface Demotion {
  readonly node: string;
  /** ISO 8601 */
  readonly at: string;
  /** What it is to follow by, where it could not be told to follow yet. */
  readonly channel?: ChannelPlan;
}

/** A copy over a node that was begun: as long as this is written its data may be half of each. */
export interface Rebuild {
  readonly node: string;
  readonly donor: string;
  readonly id: string;
  readonly by: string;
  /** ISO 8601 */
  readonly at: string;
  /** The server itself can tell what became of it. */
  readonly bySql: boolean;
  /** By which it knows the copy before; null: there was none. */
  readonly previous: string | null;
}

export interface KnownIdentity {
  readonly node: string;
  /** server_uuid (MySQL) or server_id (MariaDB). */
  readonly identity: string;
}

/** What MySwitch remembers of a pool. */
export interface PoolMemory {
  readonly version: 1;
  readonly pool: string;
  readonly epoch: number;
  /** The node that was ACTIVE last. */
  readonly active: string | null;
  /** What an ACTIVE is to its replicas: one that is dead when MySwitch is started again can't be asked. */
  readonly identity?: KnownIdentity;
  /** When it was moved last, and when by force; ISO 8601. */
  readonly lastSwitch?: string;
  readonly lastFailover?: string;
  /** Nodes that have failed and were not recovered: a restart of MySwitch recovers nobody. */
  readonly failed?: readonly string[];
  /** One a node. An operator's `recover` takes it away too. */
  readonly rebuilds?: readonly Rebuild[];
  /** Nodes that a switch made read-only and that must stay so. */
  readonly demoted: readonly Demotion[];
  readonly operation: Operation | null;
}

const EMPTY = { version: 1, epoch: 1, active: null, demoted: [], operation: null } as const;

/** One JSON file a pool in stateDir; writes follow each other, and each is on the disk when its promise resolves. */
export class Journal {
  readonly #path: string;
  #memory: PoolMemory;
  #queue: Promise<void> = Promise.resolve();

  private constructor(path: string, memory: PoolMemory) {
    this.#path = path;
    this.#memory = memory;
  }

  /** Rejects with JOURNAL_UNREADABLE when the file is there and makes no sense: guessing could open two writers. */
  static async load(stateDir: string, pool: string): Promise<Journal> {
    const path = join(stateDir, `${fileName(pool)}.journal.json`);
    let content: string;
    try {
      content = await readFile(path, 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') {
        return new Journal(path, { ...EMPTY, pool });
      }
      throw error;
    }
    return new Journal(path, parse(content, path));
  }

  get memory(): PoolMemory {
    return this.#memory;
  }

  /** The change is seen at once, and durable when the promise resolves. */
  write(change: Partial<Omit<PoolMemory, 'version' | 'pool'>>): Promise<void> {
    this.#memory = Object.freeze({ ...this.#memory, ...change });
    const content = `${JSON.stringify(this.#memory, null, 2)}\n`;
    const written = this.#queue.then(() => writeAtomically(this.#path, content));
    this.#queue = written.catch(() => undefined);
    return written;
  }

  /** Moves the running operation on. */
  advance(phase: Phase, change: Partial<Operation> = {}): Promise<void> {
    const { operation } = this.#memory;
    if (operation === null) {
      throw new OrchestratorError('INTERNAL', `no operation in the journal to move to ${phase}`);
    }
    if (operation.phase !== phase && !MOVES[operation.phase].includes(phase)) {
      throw new OrchestratorError('INTERNAL', `illegal move of the journal: ${operation.phase} to ${phase}`);
    }
    return this.write({ operation: { ...operation, ...change, phase } });
  }
}

/** Earlier journals knew switches alone. */
const kindOf = ({ operation }: PoolMemory): Kind => (operation?.kind === Kind.FAILOVER ? Kind.FAILOVER : Kind.SWITCH);

function parse(content: string, path: string): PoolMemory {
  try {
    const memory = JSON.parse(content) as PoolMemory;
    if (memory.version === 1 && Number.isInteger(memory.epoch) && Array.isArray(memory.demoted)) {
      return memory.operation === null
        ? memory
        : { ...memory, operation: { ...memory.operation, kind: kindOf(memory) } };
    }
  } catch {
    // said below
  }
  throw new OrchestratorError('JOURNAL_UNREADABLE', `${path} is not a journal of this version`);
}
