import { ServerStatus, StatementKind } from '@myswitch/protocol';
import type { Assignment, Statement } from '@myswitch/protocol';
import type { ClientError } from './client-error';
import { Pin } from './pins';
import type { SessionState } from './state';
import type { Work } from './work';

/*
 * What becomes of a session, and of the command it has under way, when its backend's connection ends: a server died, the
 * network did, somebody killed it there, or MySwitch gave the node up. A table, since this is where a proxy could lie.
 */

/** What the session had on that backend and nowhere else. */
export const Stake = Object.freeze({
  NOTHING: 'NOTHING',
  /** a transaction that was begun and in which nothing was done */
  BEGUN: 'BEGUN',
  /** an open transaction, with at most what ends together with it */
  TRANSACTION: 'TRANSACTION',
  /** what outlives transactions, with or without one: locks, temporary tables, variables that were not read back yet */
  STATE: 'STATE',
} as const);
export type Stake = (typeof Stake)[keyof typeof Stake];

/** What was under way. */
export const Flight = Object.freeze({
  /** nothing: the client has all its replies */
  NONE: 'NONE',
  /** a command that gives up whatever the session had: reset, change of user */
  WIPE: 'WIPE',
  /** a command that had not been sent to the server */
  UNSENT: 'UNSENT',
  /** a plain ROLLBACK */
  ROLLBACK: 'ROLLBACK',
  /** sent; it can do nothing that is seen outside of its session, and the client has no byte of its reply */
  HARMLESS: 'HARMLESS',
  /** sent; it can't have committed anything, and must not or can't be run a second time */
  OTHER: 'OTHER',
  /** sent; it may have committed */
  MAY_COMMIT: 'MAY_COMMIT',
} as const);
export type Flight = (typeof Flight)[keyof typeof Flight];

export const Fate = Object.freeze({
  /** the client never hears of it */
  UNNOTICED: 'UNNOTICED',
  /** what it asked for has come about by itself */
  DONE: 'DONE',
  /** the command runs on another backend */
  RUN_AGAIN: 'RUN_AGAIN',
  /** 1213: the whole transaction is to be run again */
  ROLLED_BACK: 'ROLLED_BACK',
  /** 1105, naming what is lost */
  STATE_LOST: 'STATE_LOST',
  /** 1105: nothing came of it */
  NOT_COMPLETED: 'NOT_COMPLETED',
  /** 1105 with SQLSTATE 08007: nobody here knows what came of it */
  UNKNOWN: 'UNKNOWN',
} as const);
export type Fate = (typeof Fate)[keyof typeof Fate];

/** With no command under way (NONE) the client is told with its next one. */
export const FATES: Readonly<Record<Stake, Readonly<Record<Flight, Fate>>>> = {
  NOTHING: {
    NONE: Fate.UNNOTICED,
    WIPE: Fate.DONE,
    UNSENT: Fate.RUN_AGAIN,
    ROLLBACK: Fate.RUN_AGAIN,
    HARMLESS: Fate.RUN_AGAIN,
    OTHER: Fate.NOT_COMPLETED,
    MAY_COMMIT: Fate.UNKNOWN,
  },
  BEGUN: {
    NONE: Fate.UNNOTICED,
    WIPE: Fate.DONE,
    UNSENT: Fate.RUN_AGAIN,
    ROLLBACK: Fate.RUN_AGAIN,
    HARMLESS: Fate.RUN_AGAIN,
    OTHER: Fate.ROLLED_BACK,
    MAY_COMMIT: Fate.UNKNOWN,
  },
  TRANSACTION: {
    NONE: Fate.ROLLED_BACK,
    WIPE: Fate.DONE,
    UNSENT: Fate.ROLLED_BACK,
    // what it asks for is so already: another server says OK to it
    ROLLBACK: Fate.RUN_AGAIN,
    HARMLESS: Fate.ROLLED_BACK,
    OTHER: Fate.ROLLED_BACK,
    MAY_COMMIT: Fate.UNKNOWN,
  },
  STATE: {
    NONE: Fate.STATE_LOST,
    WIPE: Fate.DONE,
    UNSENT: Fate.STATE_LOST,
    ROLLBACK: Fate.STATE_LOST,
    HARMLESS: Fate.STATE_LOST,
    OTHER: Fate.STATE_LOST,
    MAY_COMMIT: Fate.UNKNOWN,
  },
};

/** How often a command that was sent is sent again: what it met may be its own doing. */
const MAX_RERUNS = 2;

/** As far as this needs to know a session. */
export type Loser = Pick<
  SessionState,
  'inTransaction' | 'statusUnknown' | 'begun' | 'touched' | 'status' | 'context' | 'interrupting'
> & {
  readonly pins: { readonly size: number; readonly reasons: readonly Pin[] };
  readonly reply: { readonly started: boolean };
  /** How often the command under way was sent again. */
  readonly reruns: number;
};

export type Command = Pick<Work, 'statement' | 'grammar' | 'once' | 'wipes' | 'rollsBack'>;

export interface Loss {
  readonly fate: Fate;
  /** null where the client is told nothing. */
  readonly error: ClientError | null;
}

/**
 * The verdict. `command` null: none is under way; `sent`: to the server, at least in part. `reason`: what happened to the
 * connection, for people.
 */
export function lossOf(session: Loser, command: Command | null, sent: boolean, reason: string): Loss {
  const stake = stakeOf(session);
  const flight = command === null ? Flight.NONE : flightOf(session, command, sent, stake);
  // with autocommit off a transaction begins with whatever needs one
  const begins = stake === Stake.NOTHING && flight === Flight.OTHER && !hasAutocommit(session);
  const fate = FATES[begins ? Stake.TRANSACTION : stake][flight];
  return { fate, error: errorOf(fate, reason, heldBy(session)) };
}

/**
 * Whether a server's word that it shuts down is to be taken for the loss of its connection, which follows: where there is
 * more to do for the client, or more to tell it, than that.
 */
export function outlivesShutdown(session: Loser, command: Command): boolean {
  const { fate } = lossOf(session, command, true, '');
  return fate === Fate.RUN_AGAIN || fate === Fate.ROLLED_BACK;
}

/** End with the transaction, or are made again by running it again. */
const OF_TRANSACTION: ReadonlySet<Pin> = new Set([
  Pin.TRANSACTION_CHARACTERISTICS,
  Pin.SAVEPOINT,
  Pin.CURSOR,
  Pin.LONG_DATA,
]);

export function stakeOf(session: Loser): Stake {
  const { pins, begun } = session;
  const { reasons } = pins;
  if (session.touched.size > 0 || reasons.some((reason) => !OF_TRANSACTION.has(reason))) return Stake.STATE;
  if (begun !== null && reasons.every((reason) => reason === Pin.TRANSACTION_CHARACTERISTICS)) return Stake.BEGUN;
  // an ERR says nothing of the transaction: better told of one too many than of none
  if (session.inTransaction || session.statusUnknown) return Stake.TRANSACTION;
  return pins.size > 0 ? Stake.STATE : Stake.NOTHING;
}

function flightOf(session: Loser, command: Command, sent: boolean, stake: Stake): Flight {
  const { statement, grammar, once = false } = command;
  if (command.wipes === true) return Flight.WIPE;
  // without a reply of its own it does its work while the backend is prepared for it
  if (once && (sent || grammar === null)) return Flight.MAY_COMMIT;
  if (command.rollsBack === true) return Flight.ROLLBACK;
  if (!sent) return Flight.UNSENT;
  if (mayHaveCommitted(session, statement, stake)) return Flight.MAY_COMMIT;
  const tooLate = session.reply.started || session.interrupting !== null || session.reruns >= MAX_RERUNS;
  return tooLate || !isHarmless(statement) ? Flight.OTHER : Flight.HARMLESS;
}

/** In a transaction these commit nothing of their own. */
const TRANSACTIONAL: ReadonlySet<StatementKind> = new Set([
  StatementKind.SELECT,
  StatementKind.INSERT,
  StatementKind.REPLACE,
  StatementKind.UPDATE,
  StatementKind.DELETE,
]);

function mayHaveCommitted(session: Loser, statement: Statement, stake: Stake): boolean {
  const { kind, plain } = statement;
  // its text is in a character set that the classifier can't read
  if (session.context.unreadable) return true;
  if (!statement.mayCommit) return false;
  const nothingOpen = stake === Stake.NOTHING || stake === Stake.BEGUN;
  if (nothingOpen && COMMITS_WHAT_IS_OPEN.has(kind) && isHarmless(statement)) return false;
  const inTransaction = session.inTransaction || !hasAutocommit(session);
  return !(inTransaction && plain && TRANSACTIONAL.has(kind));
}

/** Commit the open transaction, nothing else. SET: of autocommit. */
const COMMITS_WHAT_IS_OPEN: ReadonlySet<StatementKind> = new Set([
  StatementKind.BEGIN,
  StatementKind.COMMIT,
  StatementKind.SET,
]);

/** Change their own session alone: what they did has ended with the connection. */
const OF_THE_SESSION: ReadonlySet<StatementKind> = new Set([
  StatementKind.USE,
  StatementKind.BEGIN,
  StatementKind.COMMIT,
  StatementKind.ROLLBACK,
  StatementKind.SAVEPOINT,
  StatementKind.SET,
  StatementKind.PREPARE,
  StatementKind.DEALLOCATE,
  StatementKind.EMPTY,
]);

/** Whether nothing outside of its session can tell if it ran once or twice. */
export function isHarmless(statement: Statement): boolean {
  if (statement.repeatable) return true;
  const local = OF_THE_SESSION.has(statement.kind) && !statement.calls && !statement.opaque;
  return local && statement.assignments.every(isLocal);
}

function isLocal(assignment: Assignment): boolean {
  switch (assignment.target) {
    case 'system':
      return assignment.scope === 'session';
    case 'transaction':
      return assignment.scope !== 'global';
    case 'user':
    case 'names':
    case 'charset':
    case 'role':
      return true;
    case 'statement':
    case 'password':
    case 'other':
      return false;
  }
}

function hasAutocommit({ status }: Loser): boolean {
  return (status & ServerStatus.AUTOCOMMIT) !== 0;
}

/** By the names that SHOW PINS has for them. */
function heldBy({ pins, touched }: Loser): string[] {
  return [...pins.reasons, ...(touched.size > 0 ? ['variables just set'] : [])];
}

/**
 * The words matter: some frameworks run a statement again when its error says that the connection was lost, or that the
 * server has gone.
 */
function errorOf(fate: Fate, reason: string, held: readonly string[]): ClientError | null {
  const names = held.join(', ');
  // prepared ones outlive their connection
  const xa = held.includes(Pin.XA) ? ' (XA RECOVER shows what was prepared)' : '';
  const also = held.length === 0 ? '' : `; with it went ${names}${xa}`;
  switch (fate) {
    case Fate.UNNOTICED:
    case Fate.DONE:
    case Fate.RUN_AGAIN:
      return null;
    case Fate.ROLLED_BACK: {
      const message = `MySwitch: rolled back because its server was lost (${reason}); try restarting transaction`;
      return { code: 1213, sqlState: '40001', message };
    }
    case Fate.STATE_LOST: {
      const message = `MySwitch: ${reason}; with it went any open transaction, and ${names}${xa}`;
      return { code: 1105, sqlState: 'HY000', message };
    }
    case Fate.NOT_COMPLETED:
      return { code: 1105, sqlState: 'HY000', message: `MySwitch: not completed: ${reason} before it answered` };
    case Fate.UNKNOWN: {
      const message = `MySwitch: outcome unknown: ${reason} before it answered; it may have been committed, and is not run again${also}`;
      return { code: 1105, sqlState: '08007', message };
    }
  }
}
