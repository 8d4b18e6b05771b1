import type { ConnectionOptions } from 'mysql2/promise';
import { type Clock, systemClock } from '../clock';
import type { Histogram } from '../histogram';
import { LedgerClient } from './client';
import { Statistics } from './statistics';

export interface WorkloadOptions {
  /** host, port, user, password and whatever else mysql2 takes. */
  readonly connection: ConnectionOptions;
  readonly clients: number;
  /** Statements a second of all clients together, evenly spread; null: each client goes on as soon as it can. */
  readonly rate: number | null;
  readonly clock?: Clock;
}

/** What the clients saw. Durations in ms. */
export interface WorkloadReport {
  readonly seconds: number;
  /** Answered without an error. */
  readonly statements: number;
  /** Acknowledged writes. */
  readonly acknowledged: number;
  /** Statements refused with an error number, and their sum. */
  readonly failed: number;
  readonly failedBy: Readonly<Record<number, number>>;
  readonly unknown: number;
  readonly dropped: number;
  /** A session that was not what its client had made it; the first few. */
  readonly sessionErrors: readonly string[];
  /** The first few errors. */
  readonly messages: readonly string[];
  /** The longest that a client waited for a reply or an error to one of its forms; a transaction is one. */
  readonly longest: number;
  readonly latency: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** Clients that write the ledger through a host and port until stopped. */
export class Workload {
  readonly clients: readonly LedgerClient[];
  private readonly statistics = new Statistics();
  private readonly clock: Clock;
  private readonly rate: number | null;
  private readonly startedAt: number;
  private readonly running: Promise<void>;
  private stopping = false;
  private stepping = 0;
  /** Opens the gate that `hold` closed. */
  private release = (): void => {};
  private gate: Promise<void> = Promise.resolve();
  private drained = (): void => {};
  private endedAt: number | null = null;

  constructor(options: WorkloadOptions) {
    this.clock = options.clock ?? systemClock;
    this.rate = options.rate;
    this.startedAt = this.clock.now();
    this.clients = Array.from(
      { length: options.clients },
      (_, index) => new LedgerClient(index, options.connection, this.clock, this.statistics),
    );
    this.running = Promise.all(this.clients.map((client) => this.drive(client))).then(() => {});
  }

  /** A late client does not wait: the offered load stays what it is, also after a pause. */
  private async drive(client: LedgerClient): Promise<void> {
    const perStatement = this.rate === null ? 0 : (1000 * this.clients.length) / this.rate;
    let due = this.startedAt + (perStatement * client.index) / this.clients.length;
    while (!this.stopping) {
      await this.clock.at(due);
      due += perStatement * client.cost;
      await this.gate;
      if (this.stopping) break;
      this.stepping += 1;
      await client.step();
      this.stepping -= 1;
      if (this.stepping === 0) this.drained();
    }
    await client.end();
  }

  /** From now on new work waits, until `resume` or the end; resolves once nothing runs any more. */
  async hold(): Promise<void> {
    this.gate = new Promise((resolve) => (this.release = resolve));
    if (this.stepping > 0) await new Promise<void>((resolve) => (this.drained = resolve));
  }

  resume(): void {
    this.release();
    this.gate = Promise.resolve();
  }

  /** Lets every client finish what it is at, and disconnects. */
  async stop(): Promise<WorkloadReport> {
    this.stopping = true;
    this.release();
    await this.running;
    this.endedAt ??= this.clock.now();
    return this.report();
  }

  /** Statement latencies since the last call. */
  takeLatency(): Histogram {
    return this.statistics.takeRecent();
  }

  report(): WorkloadReport {
    const { statistics, clients } = this;
    const latency = statistics.latency();
    return {
      seconds: ((this.endedAt ?? this.clock.now()) - this.startedAt) / 1000,
      statements: statistics.statements,
      acknowledged: clients.reduce((sum, client) => sum + client.writes.acknowledged, 0),
      failed: [...statistics.failed.values()].reduce((sum, count) => sum + count, 0),
      failedBy: Object.fromEntries(statistics.failed),
      unknown: statistics.unknown,
      dropped: statistics.dropped,
      sessionErrors: statistics.sessionErrors,
      messages: statistics.messages,
      longest: statistics.longest,
      latency: { p50: latency.quantile(0.5), p99: latency.quantile(0.99), max: latency.max },
    };
  }
}
