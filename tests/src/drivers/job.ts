import { isDeepStrictEqual } from 'node:util';
import type { Answer, ConnectRequest, Driver, Request, Session } from './driver';
import { readState } from './state';
import type { Asking, Step } from './step';
import { STEPS } from './steps';

const ANSWER_WITHIN_MS = 15_000;
/** More than steps in a row that each keep a connection which may pin. */
const BLOCKED_AT_MOST = 6;

/** One request of a step and what came of it. */
export interface Entry {
  readonly asked: string;
  readonly answer: Answer;
}

/** The transcript of each step by its name; a step that was not reached is not in it. */
export type Transcript = ReadonlyMap<string, readonly Entry[]>;

/** A switch that could not be made. */
export interface Blocked {
  /** Name of the step before it. */
  readonly after: string;
  readonly why: string;
}

export interface JobOptions {
  readonly driver: Driver;
  readonly session: Session;
  readonly connect: Omit<ConnectRequest, 'op'>;
  readonly otherDatabase: string;
  readonly ca: string;
  readonly infile: string;
}

/** The scripted job of one driver. */
export class Job implements Asking {
  readonly driver: Driver;
  readonly database: string;
  readonly otherDatabase: string;
  readonly infile: string;
  readonly connect: Omit<ConnectRequest, 'op'>;
  readonly ca: string;
  readonly blocked: Blocked[] = [];
  readonly #session: Session;
  readonly #transcript = new Map<string, Entry[]>();
  #entries: Entry[] = [];
  readonly #open = new Set<string>();
  /** Connections that could not be made. */
  readonly #absent = new Set<string>();
  #broken: string | null = null;
  #blockedInARow = 0;
  #step = '';

  constructor({ driver, session, connect, otherDatabase, ca, infile }: JobOptions) {
    this.driver = driver;
    this.#session = session;
    this.connect = connect;
    this.database = connect.database;
    this.otherDatabase = otherDatabase;
    this.ca = ca;
    this.infile = infile;
  }

  get transcript(): Transcript {
    return this.#transcript;
  }

  /** It could not log in. */
  get absent(): boolean {
    return this.#absent.has('main');
  }

  /** Why it ended early; null: it did not. */
  get broken(): string | null {
    return this.#broken;
  }

  async ask(request: Request): Promise<Answer> {
    const on = request.on ?? 'main';
    const answer: Answer = this.#absent.has(on) ? { unsupported: true } : await this.#answer(request);
    if (request.op === 'connect') ('ok' in answer ? this.#open : this.#absent).add(on);
    if (request.op === 'close') this.#open.delete(on);
    this.#entries.push({ asked: summary(request), answer: this.#normal(answer) });
    return answer;
  }

  query(sql: string, on?: string): Promise<Answer> {
    return this.ask({ op: 'query', sql, ...(on === undefined ? {} : { on }) });
  }

  /** One phase of a step, then the state of the session. */
  async run(step: Step, phase: number): Promise<void> {
    if (this.#broken !== null) return;
    this.#step = step.name;
    this.#entries = this.#transcript.get(step.name) ?? [];
    this.#transcript.set(step.name, this.#entries);
    try {
      if (this.driver.without?.[step.name] === undefined) await step.phases[phase]!(this);
      if (step.stateless === true) return;
      await readState(this);
      if (this.driver.opensTransactions === true) for (const on of this.#open) await this.ask({ op: 'commit', on });
    } catch (error) {
      await this.stop(`${step.name}: ${String(error)}`);
    }
  }

  /** The server that the main connection's statements run on: not part of the transcript. */
  async serverId(): Promise<string | null> {
    if (this.#broken !== null) return null;
    const answer = await this.#answer({ op: 'query', sql: 'SELECT @@server_id AS server_id' });
    if (this.driver.opensTransactions === true) await this.#answer({ op: 'commit' });
    return JSON.stringify(answer);
  }

  /** The switch after the last step could not be made because of it; too often in a row ends it. */
  async blocks(why: string): Promise<void> {
    this.blocked.push({ after: this.#step, why });
    this.#blockedInARow += 1;
    if (this.#blockedInARow === BLOCKED_AT_MOST) await this.stop(`blocked ${BLOCKED_AT_MOST} switches in a row`);
  }

  /** A switch was made. */
  moved(): void {
    this.#blockedInARow = 0;
  }

  /** Ends it before its time. */
  async stop(why: string): Promise<void> {
    if (this.#broken !== null) return;
    this.#broken = why;
    await this.end();
  }

  async end(): Promise<void> {
    await this.#session.end();
  }

  async #answer(request: Request): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer to ${summary(request)}`)), ANSWER_WITHIN_MS);
    });
    try {
      return await Promise.race([this.#session.ask(request), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Each run has schemas and a port of its own. */
  #normal(answer: Answer): Answer {
    const text = JSON.stringify(answer)
      .replaceAll(this.otherDatabase, '{other}')
      .replaceAll(this.database, '{database}')
      .replaceAll(`:${this.connect.port}`, ':{port}')
      // Connector/J begins its errors with the connection's id.
      .replaceAll(/\(conn=\d+\)/g, '(conn)');
    return JSON.parse(text) as Answer;
  }
}

function summary(request: Request): string {
  const { op } = request;
  const text = 'sql' in request ? request.sql.slice(0, 200) : 'name' in request ? request.name : '';
  return text === '' ? op : `${op} ${text}`;
}

/** All phases of all steps, the jobs side by side; `between` before each phase but the first. */
export async function runJobs(
  jobs: readonly Job[],
  between: (jobs: readonly Job[], step: Step) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  let first = true;
  for (const step of STEPS) {
    for (let phase = 0; phase < step.phases.length; phase += 1) {
      if (!first) await between(jobs, step);
      first = false;
      await Promise.all(jobs.map((job) => job.run(step, phase)));
    }
  }
}

export interface Difference {
  readonly step: string;
  readonly asked: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Where the second one departs from the first. */
export function differences(expected: Transcript, actual: Transcript): Difference[] {
  const found: Difference[] = [];
  for (const [step, entries] of expected) {
    const others = actual.get(step);
    if (others === undefined) {
      found.push({ step, asked: '', expected: 'reached', actual: 'not reached' });
      continue;
    }
    for (const [index, { asked, answer }] of entries.entries()) {
      const other = others[index];
      if (isDeepStrictEqual(other?.answer, answer)) continue;
      found.push({ step, asked, expected: answer, actual: other?.answer ?? 'not reached' });
    }
  }
  return found;
}

const CONTEXT_CHARACTERS = 80;
const SHOWN_CHARACTERS = 220;

/** The leaves that differ, each as `path: expected -> actual`, long ones from shortly before the first difference; at most five. */
export function leaves(expected: unknown, actual: unknown, path = ''): string[] {
  if (isDeepStrictEqual(expected, actual)) return [];
  const both = [expected, actual].every((value) => typeof value === 'object' && value !== null);
  if (!both) return [leaf(path, JSON.stringify(expected ?? null), JSON.stringify(actual ?? null))];
  const [left, right] = [expected, actual] as [Record<string, unknown>, Record<string, unknown>];
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  return keys.flatMap((key) => leaves(left[key], right[key], `${path}.${key}`)).slice(0, 5);
}

function leaf(path: string, expected: string, actual: string): string {
  let first = 0;
  while (first < expected.length && expected[first] === actual[first]) first += 1;
  const start = Math.max(0, first - CONTEXT_CHARACTERS);
  const shown = (text: string): string => `${start > 0 ? '…' : ''}${text.slice(start, start + SHOWN_CHARACTERS)}`;
  return `${path}: ${shown(expected)} -> ${shown(actual)}`;
}
