import type { RuntimeName } from '@myswitch/testkit';

/** A value bound to a placeholder. Numbers are text, so that none loses digits on its way to a driver. */
export interface Param {
  /** `repeat`: `v` as text, `n` times. `blob`: `v` is hexadecimal. */
  readonly t: 'null' | 'int' | 'decimal' | 'double' | 'string' | 'repeat' | 'blob' | 'date' | 'datetime' | 'time';
  readonly v?: string;
  readonly n?: number;
}

/** Where a driver connects. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface ConnectRequest extends Target {
  readonly op: 'connect';
  /** Path of the authority that has to have signed the server's certificate; without it no TLS. */
  readonly ca?: string;
  readonly compress?: boolean;
}

/**
 * One thing that a driver is asked to do, on the connection named `on` (default `main`). The programs in `tests/drivers`
 * read these as lines of JSON and answer each with one.
 */
export type Request = (
  | ConnectRequest
  | { readonly op: 'close' | 'begin' | 'commit' | 'rollback' | 'ping' | 'reset' }
  /** What the driver tells of the server and of its connection. */
  | { readonly op: 'info' }
  /** Text protocol; every result of it is read. */
  | { readonly op: 'query'; readonly sql: string }
  /** Prepared on the server, run once and closed, where the driver can. */
  | { readonly op: 'execute'; readonly sql: string; readonly params: readonly Param[] }
  /** Prepared on the server and kept under a name, to be run later. */
  | { readonly op: 'prepare'; readonly name: string; readonly sql: string }
  | { readonly op: 'run'; readonly name: string; readonly params: readonly Param[] }
  | { readonly op: 'unprepare'; readonly name: string }
  /** One statement for many rows of parameters. */
  | { readonly op: 'batch'; readonly sql: string; readonly rows: readonly (readonly Param[])[] }
  /** A procedure with one IN and one OUT parameter, by the driver's own call where it has one. */
  | { readonly op: 'call'; readonly procedure: string; readonly value: number }
  /** Row by row, without the whole result in memory. */
  | { readonly op: 'stream'; readonly sql: string }
  /** With a cursor on the server. */
  | { readonly op: 'cursor'; readonly sql: string; readonly fetch: number }
  | { readonly op: 'use'; readonly database: string }
  | { readonly op: 'infile'; readonly sql: string }
  | { readonly op: 'changeUser'; readonly user: string; readonly password: string; readonly database: string }
  /** Runs it and has it stopped half a second later, as the driver does that. */
  | { readonly op: 'cancel'; readonly sql: string }
  /** The driver's own pool of two connections: each runs the statement with a validation before it. */
  | ({ readonly op: 'poolOpen' } & Target)
  | { readonly op: 'poolRun'; readonly sql: string }
  | { readonly op: 'poolClose' }
  /** Of mappers: write, read, change and remove a record; the same in a transaction that is then committed or not. */
  | { readonly op: 'model'; readonly table: string }
  | { readonly op: 'transaction'; readonly table: string; readonly commit: boolean }
) & { readonly on?: string };

/** What came of it. Values are text with the driver's own type, so that a difference in metadata shows. */
export type Answer =
  | { readonly ok: unknown }
  | { readonly error: { readonly code: unknown; readonly state: unknown; readonly message: string } }
  /** The driver has no such thing. */
  | { readonly unsupported: true };

export type Operation = Request['op'];

/** A driver that runs. */
export interface Session {
  ask(request: Request): Promise<Answer>;
  /** Ends it, however it is. */
  end(): Promise<void>;
}

export interface Driver {
  readonly name: string;
  /** What it runs in, when that is not this process. */
  readonly runtime?: RuntimeName;
  /** Autocommit is off unless told otherwise: a SELECT leaves a transaction open, and the job commits after each step. */
  readonly opensTransactions?: boolean;
  /** Steps that it is not asked to do, with the reason: what it does wrong straight to a server too. */
  readonly without?: Readonly<Record<string, string>>;
  open(): Session | Promise<Session>;
}
