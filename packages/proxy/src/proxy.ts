import { PasswordChecks } from './accounts/password-checks';
import type { PasswordKey } from './accounts/password-key';
import type { Clock } from './clock';
import { ProxyError } from './errors';
import type { Log } from './errors';
import { Listener } from './listener/listener';
import type { ProxyOptions } from './options';
import type {
  AccountRow,
  Activation,
  BackendRow,
  Blocking,
  DrainResult,
  PlaneNodeStats,
  RefusedAccount,
  ReleaseReport,
  SessionRow,
} from './plane/types';
import type { KillOutcome, KillRequest, Peers, Proof } from './pool/peers';
import { Pool } from './pool/pool';
import { LAST_SESSION_ID } from './session/session-id';
import type { SessionIds } from './session/session-id';
import type { UnknownWrites } from './session/unknown-writes';

/** What one process reports of a pool; several add up to the plane's figures. */
export interface PoolFigures {
  readonly gate: 'OPEN' | 'HOLDING' | 'HELD' | 'RELEASING';
  readonly clients: number;
  readonly held: number;
  readonly accounts: readonly string[];
  readonly nodes: Readonly<Record<string, PlaneNodeStats>>;
  readonly workSamples: readonly number[];
}

/** The data plane of one process: listeners and pools. */
export class Proxy {
  readonly #pools = new Map<string, Pool>();
  readonly #listeners: Listener[] = [];
  readonly #clock: Clock;
  readonly #checks: PasswordChecks;

  constructor(options: ProxyOptions, ids: SessionIds, clock: Clock, log: Log, peers: Peers, key: PasswordKey) {
    this.#clock = clock;
    this.#checks = new PasswordChecks(key);
    let id = ids.first - ids.step;
    const nextId = (): number => (id = id + ids.step > LAST_SESSION_ID ? ids.first : id + ids.step);
    for (const poolOptions of options.pools) {
      const pool = new Pool(poolOptions, clock, log, peers, this.#checks);
      this.#pools.set(poolOptions.name, pool);
      this.#listeners.push(new Listener(pool, nextId));
    }
  }

  async listen(): Promise<void> {
    for (const listener of this.#listeners) await listener.listen();
  }

  /** Takes no new clients, waits up to `graceMs` for commands and transactions under way, then closes all connections. */
  async stop(graceMs: number): Promise<void> {
    for (const listener of this.#listeners) listener.stopAccepting();
    const until = this.#clock.now() + graceMs;
    const working = (): boolean => [...this.#pools.values()].some((pool) => pool.working > 0);
    while (working() && this.#clock.now() < until) await new Promise<void>((resolve) => this.#clock.timer(resolve, 10));
    for (const listener of this.#listeners) listener.closeAll();
    for (const pool of this.#pools.values())
      for (const { backends } of pool.connectionPools) for (const backend of backends) backend.quit();
    this.#checks.stop();
  }

  activate(pool: string, active: Activation | null): void {
    this.#pool(pool).activate(active);
  }

  warm(pool: string, node: string): Promise<number> {
    return this.#pool(pool).warm(node);
  }

  hold(pool: string): void {
    this.#pool(pool).hold();
  }

  drained(pool: string, deadlineMs: number): Promise<DrainResult> {
    return this.#pool(pool).drained(deadlineMs);
  }

  kill(pool: string, kinds: readonly ('busy' | 'pinned')[]): Promise<number> {
    return this.#pool(pool).kill(kinds);
  }

  cut(pool: string, node: string): number {
    return this.#pool(pool).cut(node);
  }

  serveReads(pool: string, node: string): void {
    this.#pool(pool).serveReads(node);
  }

  release(pool: string, active: Activation): Promise<ReleaseReport> {
    return this.#pool(pool).release(active);
  }

  killSession(request: KillRequest): KillOutcome {
    const pool = this.#pool(request.pool);
    const session = pool.sessionOf(request.id);
    if (session === null) return 'UNKNOWN';
    if (session.account.name !== request.user && !request.privileged) return 'DENIED';
    session.kill(request.what);
    return 'DONE';
  }

  blocking(pool: string): Blocking[] {
    return this.#pool(pool).blocking();
  }

  figures(name: string): PoolFigures {
    const pool = this.#pool(name);
    const nodes: Record<string, { clients: number; idleBackends: number; backendIds: number[] }> = {};
    for (const { name: node } of pool.options.nodes) nodes[node] = { clients: 0, idleBackends: 0, backendIds: [] };
    const accounts = new Set<string>();
    for (const connectionPool of pool.connectionPools) {
      const node = nodes[connectionPool.node.name]!;
      node.idleBackends += connectionPool.idleCount;
      node.clients += connectionPool.backends.size - connectionPool.idleCount;
      for (const { connectionId } of connectionPool.backends) node.backendIds.push(connectionId);
      if (connectionPool.backends.size > 0) accounts.add(connectionPool.account.name);
    }
    for (const { account } of pool.sessions) accounts.add(account.name);
    return {
      gate: pool.gate.state,
      clients: pool.sessions.size,
      held: pool.gate.length,
      accounts: [...accounts],
      nodes,
      workSamples: pool.workTimes.samples(),
    };
  }

  sessions(name: string): SessionRow[] {
    return [...this.#pool(name).sessions].map((session) => session.row());
  }

  backends(name: string): BackendRow[] {
    const pool = this.#pool(name);
    const rows: BackendRow[] = [];
    for (const { node, account, backends } of pool.connectionPools) {
      for (const { connectionId, state, holder, statements } of backends) {
        rows.push({
          node: node.name,
          user: account.name,
          connectionId,
          state,
          epoch: pool.epoch,
          session: holder?.id ?? null,
          statements: statements.size,
        });
      }
    }
    return rows;
  }

  unknownWrites(name: string): UnknownWrites {
    return this.#pool(name).unknownWrites.list(this.#clock.now());
  }

  accounts(pool: string, rows: readonly AccountRow[]): void {
    this.#pool(pool).learnAccounts(rows);
  }

  proved(proof: Proof): void {
    this.#pool(proof.pool).logins.learnPassword(proof);
  }

  refusedAccounts(pool: string): RefusedAccount[] {
    return this.#pool(pool).logins.refused.list();
  }

  #pool(name: string): Pool {
    const pool = this.#pools.get(name);
    if (pool === undefined) throw new ProxyError('ILLEGAL_STATE', `there is no pool ${name}`);
    return pool;
  }
}
