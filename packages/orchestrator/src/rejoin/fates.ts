import { createHash } from 'node:crypto';
import { Deadline, type Clock } from '../clock';
import { number } from '../link/control-connection';
import type { UnknownWrite, UnknownWrites } from '../data-plane';
import type { Since, Stray } from '../dialects/dialect';
import { TransactionReader, type WrittenTransaction } from '../dialects/binlog-events';
import { binlogs, logToBegin } from '../dialects/binlog';
import { may } from '../dialects/shared';
import type { NodeConnection } from '../link/node-link';
import { WriteFate, type ToldWrite, type UnknownOutcomes } from '../report';
import type { Bench } from '../switch/context';
import { byAnyAccount } from './lost';

const ASK_MS = 5000;
const READ_MS = 20_000;
/** A worker's answer may be as old. */
const ON_THE_WAY_MS = 100;
/** Servers tell of their starts in whole seconds. */
const ABOUT_MS = 2000;

/** What a failover has to find out later: which writes, and a position that all of them come after. */
export function outcomesOf(
  clock: Clock,
  { writes }: UnknownWrites,
  about: { readonly node: string; readonly epoch: number; readonly positionBefore: (at: number) => string },
): UnknownOutcomes | null {
  const { node, epoch } = about;
  const mine = writes.filter((write) => write.node === node && write.epoch === epoch);
  if (mine.length === 0) return null;
  const now = clock.now();
  const began = clock.monotonic() - Math.max(...mine.map(({ beganMs }) => beganMs)) - ON_THE_WAY_MS;
  const told = mine.map(({ user, session, connectionId, kind, agoMs }): ToldWrite => ({
    at: new Date(now - agoMs).toISOString(),
    user,
    session,
    connection: connectionId,
    kind,
    fate: WriteFate.UNTOLD,
    gtid: null,
  }));
  return { epoch, since: about.positionBefore(began), writes: told };
}

/** Of each its fate, by the binary log of `old`, which is back and takes no writes. */
export async function fatesOf(
  bench: Bench,
  old: NodeConnection,
  outcomes: UnknownOutcomes,
  stray: Stray,
): Promise<UnknownOutcomes> {
  const known = await bench.plane.unknownWrites(bench.pool.name);
  const { connection, dialect } = old;
  const since = outcomes.since === '' ? null : await dialect.since(connection, outcomes.since, ASK_MS);
  const written = since === null ? null : await readSince(bench, old, since);
  const writes = outcomes.writes.map((write) => ({
    write,
    print: printOf(write, outcomes.epoch, connection.node, known),
  }));
  if (since === null || written === null) {
    return { ...outcomes, writes: writes.map(({ write }) => ({ ...write, fate: WriteFate.UNDECIDED })) };
  }
  const acknowledged = new Set(dialect.eachGtid(known.acknowledged));
  // of what the data plane has forgotten nobody knows whether a client was told of it
  const [oldest] = acknowledged;
  const isSure =
    writes.every(({ print }) => print !== undefined) && !(known.forgot && oldest !== undefined && since.has(oldest));
  const isOurs = (sql: string | null): boolean => sql !== null && bench.heartbeat.isOurs(sql);
  const open = written.transactions.filter(({ gtid, text }) => !acknowledged.has(gtid) && !isOurs(text));
  // by how long ago it is: the clocks of two machines need not agree
  const [there, here] = [await serverNow(old), bench.clock.now()];
  const ages = written.lives.map((began) => there - began * 1000);
  const fate = judge(open, (write) => livesOf(ages, here - Date.parse(write.at)), isSure, writes, stray);
  const told = ({ write, print = null }: Asked): ToldWrite => Object.assign({ ...write }, fate(write, print));
  return { ...outcomes, writes: writes.map(told) };
}

interface Asked {
  readonly write: ToldWrite;
  /** Undefined: the data plane knows nothing of it any more. */
  readonly print: string | null | undefined;
}

function printOf(write: ToldWrite, epoch: number, node: string, { writes }: UnknownWrites): string | null | undefined {
  const isIt = (one: UnknownWrite): boolean =>
    one.node === node && one.epoch === epoch && one.session === write.session && one.connectionId === write.connection;
  return writes.find(isIt)?.print;
}

async function readSince(
  bench: Bench,
  { connection }: NodeConnection,
  since: Since,
): Promise<TransactionReader | null> {
  const logs = (await may(binlogs(connection, ASK_MS))) ?? [];
  const deadline = new Deadline(bench.clock, READ_MS);
  const { node } = connection;
  const log = await byAnyAccount(bench, node, (reader) => logToBegin(reader, logs, since, deadline));
  if (log === null) return null;
  return byAnyAccount(bench, node, async (reader) => {
    const book = new TransactionReader((gtid) => since.has(gtid));
    await reader.binlog(log, (event) => book.take(event), deadline.left);
    return book.full ? null : book;
  });
}

async function serverNow({ connection }: NodeConnection): Promise<number> {
  return number(await connection.row('SELECT UNIX_TIMESTAMP(NOW(6)) * 1000 AS now', ASK_MS), 'now');
}

/**
 * In which lives of the server, by their ages, something may have been written that was lost so long ago. More than one if it was started again at
 * about that time: then it is closed, so that its next one has nothing of its own.
 */
export function livesOf(ages: readonly number[], agoMs: number): ReadonlySet<number> {
  const began = (life: number): boolean => (ages[life] ?? 0) + ABOUT_MS >= agoMs;
  const ended = (life: number): boolean => (ages[life + 1] ?? 0) > agoMs + ABOUT_MS;
  return new Set([...ages.keys()].filter((life) => began(life) && !ended(life)));
}

type Judgement = Pick<ToldWrite, 'fate' | 'gtid'>;

/**
 * `open`: what the log has and no client was told of. A log that says whose a transaction is (MySQL) is asked by connection, in the server's life in
 * which the write was sent; else by text, where just as many are there as were sent with it.
 */
function judge(
  open: readonly WrittenTransaction[],
  lives: (write: ToldWrite) => ReadonlySet<number>,
  isSure: boolean,
  asked: readonly Asked[],
  stray: Stray,
): (write: ToldWrite, print: string | null) => Judgement {
  const threads = open.every(({ thread }) => thread !== null);
  const prints = open.map(({ text }) => (text === null ? null : hash(text)));
  const committed = (found: readonly WrittenTransaction[]): Judgement => {
    const lost = found.map(({ gtid }) => stray.has(gtid));
    if (new Set(lost).size !== 1) return UNDECIDED;
    const [only] = found;
    const gtid = found.length === 1 && only !== undefined ? only.gtid : null;
    return { fate: lost[0] === true ? WriteFate.LOST : WriteFate.COMMITTED, gtid };
  };
  return (write, print) => {
    if (open.length === 0) return NOT_COMMITTED;
    if (threads) {
      const during = lives(write);
      const mine = open.filter((one) => one.thread === write.connection && during.has(one.life));
      if (mine.length === 0) return NOT_COMMITTED;
      return isSure && mine.length === 1 ? committed(mine) : UNDECIDED;
    }
    if (print === null) return UNDECIDED;
    const same = open.filter((_one, index) => prints[index] === print);
    if (same.length === 0) return prints.includes(null) ? UNDECIDED : NOT_COMMITTED;
    const sent = asked.filter((one) => one.print === print).length;
    return isSure && same.length === sent ? committed(same) : UNDECIDED;
  };
}

const NOT_COMMITTED: Judgement = { fate: WriteFate.NOT_COMMITTED, gtid: null };
const UNDECIDED: Judgement = { fate: WriteFate.UNDECIDED, gtid: null };

/** As the data plane has it (its unknown-writes.ts). `text`: bytes as latin1. */
const hash = (text: string): string =>
  createHash('sha256')
    .update(text.replace(/^\s+|[\s;]+$/g, ''))
    .digest('base64');

/** For people, in one sentence. */
export function sentenceOfFates({ writes }: UnknownOutcomes, node: string): string {
  const count = (fate: WriteFate): number => writes.filter((write) => write.fate === fate).length;
  const parts = [
    [count(WriteFate.COMMITTED), 'committed'],
    [count(WriteFate.LOST), 'committed there alone'],
    [count(WriteFate.NOT_COMMITTED), 'not committed'],
    [count(WriteFate.UNDECIDED), 'can not be told'],
  ] as const;
  const told = parts.filter(([many]) => many > 0).map(([many, what]) => `${many} ${what}`);
  return `of ${writes.length} writes whose outcome was unknown, ${node} says: ${told.join(', ')}`;
}
