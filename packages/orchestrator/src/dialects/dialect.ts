import type { ControlConnection } from '../link/control-connection';
import type { AccountRow } from '../data-plane';
import type { CodedMessage } from '../report';

/** One replication channel of a node, as the server reports it. */
export interface Channel {
  readonly name: string;
  readonly sourceHost: string;
  readonly sourcePort: number;
  /** The source's server_uuid (MySQL) or server_id (MariaDB); empty until the channel has connected once. */
  readonly sourceIdentity: string;
  readonly receiving: boolean;
  /** Its receiver does not even try to connect. */
  readonly stopped: boolean;
  /** Why it could not connect, or lost the connection: an error number of the source's or, from 2000 on, of the client's own; 0: none. */
  readonly receiverErrno: number;
  readonly applying: boolean;
  /** As the server itself reckons it. */
  readonly lagSeconds: number | null;
  /** Follows by GTID. */
  readonly autoPosition: boolean;
  readonly delaySeconds: number;
  /** NAME=value of each filter in use. */
  readonly filters: readonly string[];
  readonly lastError: string | null;
}

/** What one poll sees of a node. */
export interface Observation {
  readonly kind: Kind;
  readonly version: string;
  /** server_uuid (MySQL) or server_id (MariaDB), as text. */
  readonly identity: string;
  readonly serverId: number;
  readonly readOnly: boolean;
  readonly found: Found;
  readonly channels: readonly Channel[];
  /** gtid_executed (MySQL), gtid_binlog_pos (MariaDB). */
  readonly gtid: string;
}

/** What stays as it is as long as a connection does. */
export interface Meeting {
  /** Tells the server from every other one, however it was reached; equal texts are one server. */
  readonly place: string;
  readonly uptimeSeconds: number;
  /** GRANT statements that the control account still needs, beyond those for events. */
  readonly missingGrants: readonly string[];
}

export const Kind = Object.freeze({ MYSQL: 'mysql', MARIADB: 'mariadb' } as const);
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Settings that a switch changes and an undo puts back. */
export interface Found {
  readonly readOnly: boolean;
  /** Always equal to readOnly where the server knows no super_read_only. */
  readonly superReadOnly: boolean;
  readonly eventScheduler: boolean;
}

/** What preflight alone looks at. */
export interface Inspection {
  readonly logBin: boolean;
  readonly logReplicaUpdates: boolean;
  /** Empty when GTIDs are on as a switch needs them; else what is wrong. */
  readonly gtidProblem: string;
  readonly binlogFilters: readonly string[];
  /** Name -> value; equal on both nodes or PARITY refuses. */
  readonly parity: Readonly<Record<string, string>>;
  readonly maxConnections: number;
  /** 'user'@'host' -> fingerprint of its definition and grants. */
  readonly accounts: ReadonlyMap<string, string>;
  readonly plugins: readonly string[];
  readonly semiSync: SemiSync;
  /** Ids of prepared XA transactions. */
  readonly preparedXa: readonly string[];
  readonly enabledEvents: readonly ScheduledEvent[];
  /** GRANT statements that the control account still needs. */
  readonly missingGrants: readonly string[];
  /** Accounts (user@host) that may write while read_only is on. */
  readonly superWriters: readonly string[];
}

export interface SemiSync {
  readonly source: boolean;
  readonly replica: boolean;
  /** How many acknowledgements a commit waits for. */
  readonly waitFor: number;
  readonly ackers: number;
}

export interface ScheduledEvent {
  readonly schema: string;
  readonly name: string;
  readonly definer: string;
}

/** A replica, as its source lists it. */
export interface RegisteredReplica {
  readonly serverId: number;
  /** Its server_uuid; empty on MariaDB. */
  readonly uuid: string;
  /** What it says of itself (report_host); empty: nothing. */
  readonly host: string;
  readonly port: number;
}

/** The transactions that a server has logged: gtid_executed (MySQL), gtid_binlog_state (MariaDB). */
export interface Logged {
  readonly transactions: string;
  readonly serverId: number;
}

/** Transactions that one server has and another lacks, and how to find them in a binary log. */
export interface Stray {
  /** Empty: none. MySQL: a set; MariaDB: of each domain and server one GTID, or the first and the last with `..` between. */
  readonly gtid: string;
  /** Where the server would be without them. */
  readonly before: string;
  has(gtid: string): boolean;
  /** Whether some are among those that a binary log, as it says at its head, follows. */
  precedes(head: string): boolean;
}

/** The transactions that a server has logged since it was at a position. */
export type Since = Pick<Stray, 'has' | 'precedes'>;

/** What an operator may do about transactions that only one server has: nobody else can decide it. */
export interface WayOut {
  readonly what: string;
  /** To type, in this order; comments begin with `--`. */
  readonly statements: readonly string[];
}

/** What discovery asks beyond an observation. */
export interface Survey {
  /** Tells the server from every other one, however it was reached; equal texts are one server. */
  readonly place: string;
  readonly hostname: string;
  readonly uptimeSeconds: number;
  readonly logged: Logged;
  readonly logBin: boolean;
  readonly logReplicaUpdates: boolean;
  /** Empty when GTIDs are on as a switch needs them; else what is wrong. */
  readonly gtidProblem: string;
  readonly binlogFilters: readonly string[];
  readonly semiSync: SemiSync;
  /** Null: the account may not see them. */
  readonly replicas: readonly RegisteredReplica[] | null;
  /** Hosts, without ports, of connections that read the binary log: one entry each. */
  readonly readers: readonly string[];
  /** Accounts that its channels log in with. */
  readonly replicationUsers: readonly string[];
  /** GRANT statements without which a question had no answer. */
  readonly missingGrants: readonly string[];
}

/** An account of a server, and what of it a proxy can't do. */
export interface ServerAccount {
  readonly row: AccountRow;
  /** Why nobody can log in to it through a proxy, beyond what its plugins say; null: nothing. */
  readonly unfit: string | null;
  /** The server counts wrong passwords and locks the account (MySQL: FAILED_LOGIN_ATTEMPTS). */
  readonly countsFailures: boolean;
}

/** Stands for the plugin of an account that nobody can log in to through a proxy: a name that servers give the same meaning. */
export const NO_LOGIN = 'mysql_no_login';

/** A row of the process list. */
export interface ServerSession {
  readonly id: number;
  readonly user: string;
  readonly host: string;
  /** Neither system thread, event scheduler nor replication. */
  readonly client: boolean;
  readonly command: string;
  /** Since it last changed its state, ms. */
  readonly ageMs: number;
  /** Starts with MySwitch's own mark: a statement of ours. */
  readonly mark: string;
}

export interface Source {
  readonly host: string;
  readonly port: number;
}

/** A new channel: the login and the options that an existing channel had. */
interface NewChannel {
  readonly user: string;
  readonly password: string;
  readonly options: readonly string[];
}

/** How a copy gets on. */
interface CopyProgress {
  /** As the server calls it; empty: nothing was ever copied. */
  readonly stage: string;
  /** Bytes of the whole copy; 0: not known yet. */
  readonly estimate: number;
  readonly done: number;
  /** What was in the way of the copy is gone: the former data can't be had back. */
  readonly destroyed: boolean;
}

/** How the last copy over a server ended. */
export interface CopyOutcome {
  /** Another text for each copy. */
  readonly begun: string;
  readonly state: 'running' | 'completed' | 'failed';
  readonly error: string;
}

/** Copies one server over another by SQL alone. */
export interface Copier {
  /** Why `donor` can't be copied over `node`, each with what mends it; empty: it can. */
  problems(donor: ControlConnection, node: ControlConnection, deadlineMs: number): Promise<readonly CodedMessage[]>;
  /** Lets `node` be overwritten from `from`; it stays read-only for all but administrators. */
  allow(node: ControlConnection, from: Source, deadlineMs: number): Promise<void>;
  /**
   * Resolves when the copy is there, and the server starts again or has to be started. Rejects with ServerError when it is not, with
   * UnknownOutcomeError when the connection was lost, as it is where the server starts itself again.
   */
  copy(
    node: ControlConnection,
    from: Source,
    login: { readonly user: string; readonly password: string },
    deadlineMs: number,
  ): Promise<void>;
  /** Ends the copy that the connection with this id has asked for. */
  stop(node: ControlConnection, id: number, deadlineMs: number): Promise<void>;
  progress(node: ControlConnection, deadlineMs: number): Promise<CopyProgress>;
  /** Null: nothing was ever copied over it. */
  outcome(node: ControlConnection, deadlineMs: number): Promise<CopyOutcome | null>;
}

/**
 * Everything that differs between MySQL and MariaDB. Times are milliseconds; each call rejects with ServerError, UnknownOutcomeError
 * or UnreachableError.
 */
export interface Dialect {
  readonly kind: Kind;
  /** Statements of `fence`, for the predicted hold. */
  readonly fenceRoundTrips: number;

  /** Null: this kind copies nothing by SQL. */
  readonly copier: Copier | null;

  observe(c: ControlConnection, deadlineMs: number): Promise<Observation>;
  /** Once on each connection. */
  meet(c: ControlConnection, schema: string, deadlineMs: number): Promise<Meeting>;
  inspect(c: ControlConnection, schema: string, deadlineMs: number): Promise<Inspection>;
  /** Whether it writes what it applies to its binary log, so that others can follow it. */
  relays(c: ControlConnection, deadlineMs: number): Promise<boolean>;
  survey(c: ControlConnection, deadlineMs: number): Promise<Survey>;
  /** The replicas that registered; rejects with ServerError when the account may not see them. */
  replicas(c: ControlConnection, deadlineMs: number): Promise<readonly RegisteredReplica[]>;
  /** What of another server's transactions the server on `c` lacks, as such a text; empty: nothing. */
  lacking(c: ControlConnection, theirs: Logged, deadlineMs: number): Promise<string>;

  /** Another text whenever an account was changed, or has expired; costs the server a look at the table, and one row to send. */
  accountsMark(c: ControlConnection, deadlineMs: number): Promise<string>;
  /** The first `limit` accounts by name, without roles; the control account needs no more grants than preflight asks for. */
  accounts(c: ControlConnection, limit: number, deadlineMs: number): Promise<readonly ServerAccount[]>;

  /** Just before the hold: what would make the fence slow is done now. */
  tidy(c: ControlConnection, deadlineMs: number): Promise<void>;
  /**
   * Stops every writer; resolves with the position after the last write. The lock or setting is bound to `c` where the
   * kind needs that: keep `c` open until `unlock`.
   */
  fence(c: ControlConnection, deadlineMs: number): Promise<string>;
  /** After the release: lets go of what the fence holds beyond read_only. */
  unlock(c: ControlConnection, deadlineMs: number): Promise<void>;
  /** Puts read_only back as found. `c` need not be the connection that fenced. */
  unfence(c: ControlConnection, found: Found, deadlineMs: number): Promise<void>;
  setEventScheduler(c: ControlConnection, on: boolean, deadlineMs: number): Promise<void>;

  position(c: ControlConnection, deadlineMs: number): Promise<string>;
  /** Of a server whose data was copied from elsewhere, and which follows nobody: it has exactly the transactions of `position`. */
  setPosition(c: ControlConnection, position: string, deadlineMs: number): Promise<void>;
  /** True when `position` was applied within `waitMs`. */
  waitApplied(c: ControlConnection, position: string, waitMs: number): Promise<boolean>;
  /** Both name the same transactions. */
  samePosition(a: string, b: string): boolean;
  /** Makes the node writable. */
  open(c: ControlConnection, deadlineMs: number): Promise<void>;
  /** Makes it read-only. */
  close(c: ControlConnection, deadlineMs: number): Promise<void>;
  /** Makes the present read-only setting outlive a restart. False: the server can't, the option file must say it. */
  persistReadOnly(c: ControlConnection, on: boolean, deadlineMs: number): Promise<boolean>;

  sessions(c: ControlConnection, deadlineMs: number): Promise<readonly ServerSession[]>;
  /** Ends a connection. False: it was gone already. */
  kill(c: ControlConnection, id: number, deadlineMs: number): Promise<boolean>;

  /** Transactions that `candidate` has and `active` lacks; empty: none. */
  errant(candidate: ControlConnection, active: ControlConnection, deadlineMs: number): Promise<string>;
  /** The same, so that each can be found. */
  stray(candidate: ControlConnection, active: ControlConnection, deadlineMs: number): Promise<Stray>;
  /** What was logged on `c` since `position`, and how to find it. */
  since(c: ControlConnection, position: string, deadlineMs: number): Promise<Since>;
  /** Of GTIDs as clients are told of them, each one. */
  eachGtid(told: readonly string[]): readonly string[];
  /** How `node`, which has them, can follow `active` all the same. */
  waysOut(stray: Stray, node: string, active: string): readonly WayOut[];
  /** Transactions that `source` has purged and `replica` still lacks; empty: none. */
  purged(source: ControlConnection, replica: ControlConnection, deadlineMs: number): Promise<string>;

  /** Everything that the channel has received, applied or not; a server that dies keeps it in its relay log. */
  received(c: ControlConnection, channel: string, deadlineMs: number): Promise<string>;
  /** Transactions of `position` that `than` lacks; empty: none. */
  beyond(c: ControlConnection, position: string, than: string, deadlineMs: number): Promise<string>;
  /** The thread that receives; what it has received goes on being applied. */
  setReceiver(c: ControlConnection, channel: string, on: boolean, deadlineMs: number): Promise<void>;
  /** Events that came by replication and so do not run here. */
  sleepingEvents(c: ControlConnection, deadlineMs: number): Promise<readonly ScheduledEvent[]>;

  /** Options that a channel on another node takes over: assignments of CHANGE … TO without host, port, login and position. */
  channelOptions(c: ControlConnection, channel: string, deadlineMs: number): Promise<readonly string[]>;
  /** Lets an existing channel follow `to`; its login and options stay. */
  repoint(c: ControlConnection, channel: string, to: Source, deadlineMs: number): Promise<void>;
  /** Turns a former primary into a replica of `to`; `login` null: the channel is there and keeps its own. */
  follow(
    c: ControlConnection,
    channel: string,
    to: Source,
    login: NewChannel | null,
    deadlineMs: number,
  ): Promise<void>;
  /** Ends a channel for good. */
  forget(c: ControlConnection, channel: string, deadlineMs: number): Promise<void>;
  /** The same as `follow` for a person to type, without the password. */
  followByHand(channel: string, to: Source, user: string): readonly string[];

  enableEvent(c: ControlConnection, event: ScheduledEvent, deadlineMs: number): Promise<void>;
  /** Semi-synchronous replication of this node as a source, or as a replica. */
  setSemiSync(c: ControlConnection, side: 'source' | 'replica', on: boolean, deadlineMs: number): Promise<void>;
  semiSync(c: ControlConnection, deadlineMs: number): Promise<SemiSync>;
}

/** Comment that marks a statement as ours, so that a restart finds what a dead process left running in a server. */
export const markOf = (what: string): string => `/* myswitch ${what} */ `;
export const MARK = '/* myswitch ';
/** What the monitor's own writes are marked with. */
export const BEAT = 'beat';
