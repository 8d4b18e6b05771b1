import { createPasswordKey } from '../accounts/password-key';
import { systemClock } from '../clock';
import type { Log } from '../errors';
import type { ProxyOptions } from '../options';
import type { KillOutcome, KillRequest, Proof } from '../pool/peers';
import { workMs } from '../pool/work-times';
import { Proxy } from '../proxy';
import { FIRST_SESSION_ID } from '../session/session-id';
import type { SessionIds } from '../session/session-id';
import type { UnknownWrites } from '../session/unknown-writes';
import { LocalCarrier } from './local-carrier';
import type { CallName, Calls, Carrier } from './messages';
import { Permits } from './permits';
import { ProcessPeers } from './process-peers';
import { shareFor } from './share';
import type {
  AccountRow,
  Activation,
  BackendRow,
  Blocking,
  DrainResult,
  PlaneControl,
  PlaneNodeStats,
  PlaneStats,
  RefusedAccount,
  ReleaseReport,
  SessionRow,
} from './types';
import { WorkerCarrier } from './worker-carrier';

const RESTART_MS = 500;

/** All processes that carry clients, as one. A call resolves when every one of them has done it. */
export class DataPlane implements PlaneControl {
  readonly #log: Log;
  readonly #permits = new Permits();
  #carriers: Carrier[] = [];
  /** What a worker that starts later has to be told. */
  readonly #active = new Map<string, Activation | null>();
  readonly #held = new Set<string>();
  readonly #cut = new Map<string, Set<string>>();
  readonly #accounts = new Map<string, readonly AccountRow[]>();

  constructor(log: Log) {
    this.#log = log;
  }

  async activate(pool: string, active: Activation | null): Promise<void> {
    this.#active.set(pool, active);
    // a hold may have ended by itself meanwhile, and then nobody releases it
    if (active !== null) this.#held.delete(pool);
    if (active !== null) this.#cut.get(pool)?.delete(active.node);
    await this.#all('activate', pool, active);
  }

  async warm(pool: string, node: string, deadlineMs: number): Promise<{ backends: number }> {
    this.#cut.get(pool)?.delete(node);
    const counts = await within(this.#all('warm', pool, node), deadlineMs, `node ${node} was not warm`);
    return { backends: sum(counts) };
  }

  async hold(pool: string): Promise<void> {
    this.#held.add(pool);
    await this.#all('hold', pool);
  }

  async drained(pool: string, deadlineMs: number): Promise<DrainResult> {
    const results = await this.#all('drained', pool, deadlineMs);
    const blocking = results.flatMap((result) => (result.drained ? [] : result.blocking));
    return results.every((result) => result.drained) ? { drained: true } : { drained: false, blocking };
  }

  async kill(pool: string, kinds: readonly ('busy' | 'pinned')[]): Promise<number> {
    return sum(await this.#all('kill', pool, kinds));
  }

  async cut(pool: string, node: string): Promise<number> {
    const cut = this.#cut.get(pool) ?? new Set();
    // first of all: whoever is started meanwhile has to know it too
    this.#cut.set(pool, cut.add(node));
    try {
      return sum(await this.#all('cut', pool, node));
    } catch (error) {
      cut.delete(node); // there is no such node
      throw error;
    }
  }

  async serveReads(pool: string, node: string): Promise<void> {
    await this.#all('serveReads', pool, node);
  }

  async release(pool: string, active: Activation): Promise<ReleaseReport> {
    this.#active.set(pool, active);
    this.#held.delete(pool);
    this.#cut.get(pool)?.delete(active.node);
    const reports = await this.#all('release', pool, active);
    return {
      held: sum(reports.map((report) => report.held)),
      waitsMs: reports.flatMap((report) => report.waitsMs),
      moved: sum(reports.map((report) => report.moved)),
      pinned: sum(reports.map((report) => report.pinned)),
      killed: sum(reports.map((report) => report.killed)),
    };
  }

  async blocking(pool: string): Promise<Blocking[]> {
    return (await this.#all('blocking', pool)).flat();
  }

  async stats(pool: string): Promise<PlaneStats> {
    const figures = await this.#all('figures', pool);
    const nodes: Record<string, PlaneNodeStats> = {};
    for (const figure of figures) {
      for (const [name, node] of Object.entries(figure.nodes)) {
        const before = nodes[name] ?? { clients: 0, idleBackends: 0, backendIds: [] };
        nodes[name] = {
          clients: before.clients + node.clients,
          idleBackends: before.idleBackends + node.idleBackends,
          backendIds: [...before.backendIds, ...node.backendIds],
        };
      }
    }
    return {
      // the gate as a whole is what its slowest process says
      gate: figures.find(({ gate }) => gate !== 'HELD')?.gate ?? figures[0]?.gate ?? 'OPEN',
      clients: sum(figures.map(({ clients }) => clients)),
      held: sum(figures.map(({ held }) => held)),
      accounts: [...new Set(figures.flatMap(({ accounts }) => accounts))].sort(),
      nodes,
      workMs: workMs(figures.flatMap(({ workSamples }) => workSamples)),
    };
  }

  async sessions(pool: string): Promise<SessionRow[]> {
    return (await this.#all('sessions', pool)).flat();
  }

  async backends(pool: string): Promise<BackendRow[]> {
    return (await this.#all('backends', pool)).flat();
  }

  async accounts(pool: string, rows: readonly AccountRow[]): Promise<void> {
    this.#accounts.set(pool, rows);
    await this.#all('accounts', pool, rows);
  }

  async refusedAccounts(pool: string): Promise<RefusedAccount[]> {
    return (await this.#all('refusedAccounts', pool)).flat();
  }

  async unknownWrites(pool: string): Promise<UnknownWrites> {
    const all = await this.#all('unknownWrites', pool);
    return {
      writes: all.flatMap(({ writes }) => writes),
      acknowledged: all.flatMap(({ acknowledged }) => acknowledged),
      forgot: all.some(({ forgot }) => forgot),
    };
  }

  async killSession(request: KillRequest): Promise<KillOutcome> {
    const outcomes = await this.#all('killSession', request);
    return (['DONE', 'DENIED'] as const).find((outcome) => outcomes.includes(outcome)) ?? 'UNKNOWN';
  }

  /** One that is about to end, or not yet up, learns it from its own clients. */
  proved(proof: Proof): void {
    this.#all('proved', proof).catch(() => undefined);
  }

  /** For one process. */
  peers(): ProcessPeers {
    return new ProcessPeers(this, this.#permits);
  }

  /**
   * Adds a process, and tells it what the others know: calls are carried out in order, so that whatever is said from now
   * on comes after that.
   */
  async add(carrier: Carrier): Promise<void> {
    this.#carriers.push(carrier);
    const told: Promise<void>[] = [];
    for (const [pool, rows] of this.#accounts) told.push(carrier.call('accounts', pool, rows));
    for (const [pool, active] of this.#active) told.push(carrier.call('activate', pool, active));
    for (const [pool, nodes] of this.#cut)
      for (const node of nodes) told.push(carrier.call('cut', pool, node).then(() => undefined));
    for (const pool of this.#held) told.push(carrier.call('hold', pool));
    await Promise.all(told);
  }

  remove(carrier: Carrier): void {
    this.#carriers = this.#carriers.filter((other) => other !== carrier);
    this.#log('warn', 'a process that carried clients is gone', { left: this.#carriers.length });
  }

  async listen(): Promise<void> {
    await this.#all('listen');
  }

  async stop(graceMs: number): Promise<void> {
    await Promise.allSettled(this.#carriers.map((carrier) => carrier.call('stop', graceMs)));
  }

  #all<N extends CallName>(name: N, ...args: Calls[N]['args']): Promise<Calls[N]['answer'][]> {
    const asked = this.#carriers.map(async (carrier) => {
      try {
        return [await carrier.call(name, ...args)];
      } catch (error) {
        // a process that ended has neither clients nor backends any more: that answers everything
        if (this.#carriers.includes(carrier)) throw error;
        return [];
      }
    });
    return Promise.all(asked).then((answers) => answers.flat());
  }
}

export interface RunningDataPlane {
  readonly plane: PlaneControl;
  /** Resolves once every listener accepts; rejects with the operating system's error. */
  listen(): Promise<void>;
  /** No new clients, up to `graceMs` for what runs, then everything is closed. */
  stop(graceMs: number): Promise<void>;
}

/** Starts the data plane: `workers` processes, or for 0 the same code in this one. */
export async function startDataPlane(options: ProxyOptions, workers: number, log: Log): Promise<RunningDataPlane> {
  const plane = new DataPlane(log);
  // one for all processes: a client that keeps it may come to another worker next time
  const key = await createPasswordKey();
  if (workers === 0) {
    await plane.add(new LocalCarrier(new Proxy(options, idsOf(0, 1), systemClock, log, plane.peers(), key)));
    return { plane, listen: () => plane.listen(), stop: (graceMs) => plane.stop(graceMs) };
  }
  let stopping = false;
  const running = new Set<WorkerCarrier>();
  const startWorker = async (index: number): Promise<WorkerCarrier> => {
    const share = shareFor(options, index, workers);
    const worker = await WorkerCarrier.start(share, idsOf(index, workers), key, log, plane.peers(), (ended) => {
      running.delete(ended);
      plane.remove(ended);
      if (!stopping) restart(index);
    });
    running.add(worker);
    await plane.add(worker);
    return worker;
  };
  const restart = (index: number): void => {
    systemClock.timer(() => {
      if (stopping) return;
      startWorker(index)
        .then(
          (worker) => worker.call('listen'),
          (error: Error) => log('error', 'a worker could not be started', { error: error.message }),
        )
        .catch((error: Error) => log('error', 'a worker could not listen', { error: error.message }));
    }, RESTART_MS);
  };
  for (let index = 0; index < workers; index++) await startWorker(index);
  return {
    plane,
    listen: () => plane.listen(),
    async stop(graceMs) {
      stopping = true;
      await plane.stop(graceMs);
      for (const worker of running) worker.end();
    },
  };
}

/** Session ids that no other worker gives. */
function idsOf(index: number, workers: number): SessionIds {
  return { first: FIRST_SESSION_ID + index, step: workers };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = systemClock.timer(() => reject(new Error(`${what} within ${ms} ms`)), ms);
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}
