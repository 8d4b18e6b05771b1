import type { ProxyOptions } from '../options';
import type { PasswordKey } from '../accounts/password-key';
import type { PoolFigures } from '../proxy';
import type { UnknownWrites } from '../session/unknown-writes';
import type { KillOutcome, KillRequest, PermitRequest, Proof } from '../pool/peers';
import type {
  AccountRow,
  Activation,
  BackendRow,
  Blocking,
  DrainResult,
  RefusedAccount,
  ReleaseReport,
  SessionRow,
} from './types';

/** What can be asked of a process that carries clients: each call's arguments and answer. */
export interface Calls {
  listen: { args: []; answer: void };
  stop: { args: [graceMs: number]; answer: void };
  activate: { args: [pool: string, active: Activation | null]; answer: void };
  warm: { args: [pool: string, node: string]; answer: number };
  hold: { args: [pool: string]; answer: void };
  drained: { args: [pool: string, deadlineMs: number]; answer: DrainResult };
  kill: { args: [pool: string, kinds: readonly ('busy' | 'pinned')[]]; answer: number };
  cut: { args: [pool: string, node: string]; answer: number };
  serveReads: { args: [pool: string, node: string]; answer: void };
  release: { args: [pool: string, active: Activation]; answer: ReleaseReport };
  killSession: { args: [request: KillRequest]; answer: KillOutcome };
  blocking: { args: [pool: string]; answer: Blocking[] };
  figures: { args: [pool: string]; answer: PoolFigures };
  sessions: { args: [pool: string]; answer: SessionRow[] };
  backends: { args: [pool: string]; answer: BackendRow[] };
  accounts: { args: [pool: string, rows: readonly AccountRow[]]; answer: void };
  proved: { args: [proof: Proof]; answer: void };
  unknownWrites: { args: [pool: string]; answer: UnknownWrites };
  refusedAccounts: { args: [pool: string]; answer: RefusedAccount[] };
}

export type CallName = keyof Calls;

/** One process, here or elsewhere, that is asked by name. */
export interface Carrier {
  call<N extends CallName>(name: N, ...args: Calls[N]['args']): Promise<Calls[N]['answer']>;
}

/** What a process asks the main one, for a client of its own. */
export type Question =
  /** A client's KILL of a session that may be another process's; the answer is a KillOutcome. */
  | { readonly kind: 'kill'; readonly request: KillRequest }
  /** Whether an account with a limit may have one more connection; the answer is a boolean. */
  | { readonly kind: 'permit'; readonly request: PermitRequest };

/** Main process to worker. */
export type ToWorker =
  | {
      readonly kind: 'configure';
      readonly options: ProxyOptions;
      readonly first: number;
      readonly step: number;
      readonly key: PasswordKey;
    }
  | { readonly kind: 'call'; readonly id: number; readonly name: CallName; readonly args: readonly unknown[] }
  | { readonly kind: 'told'; readonly id: number; readonly answer: KillOutcome | boolean }
  | { readonly kind: 'ping' };

/** Worker to main process. */
export type FromWorker =
  | { readonly kind: 'up' }
  | { readonly kind: 'pong' }
  /** Answered by `told`. */
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  /** A permit is free again. */
  | { readonly kind: 'give'; readonly key: string }
  /** For all the others; the channel is private, as it is for the configuration's passwords. */
  | { readonly kind: 'proved'; readonly proof: Proof }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly message: string }
  | {
      readonly kind: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly message: string;
      readonly fields: Record<string, unknown>;
    };
