import {
  RefusedError,
  type BackendRow,
  type CheckpointReport,
  type CheckReport,
  type ControlPlane,
  type DataPlane,
  type FailoverCheck,
  type FlightRecord,
  type Order,
  type PoolEvent,
  type PoolReport,
  type RejoinReport,
  type RejoinRequest,
  type SessionRow,
  type StepEvent,
} from '../../src';

export const RECORD: FlightRecord = {
  id: '2026-01-02T03-04-05-shop',
  kind: 'switch',
  pool: 'shop',
  from: 'db1',
  to: 'db2',
  by: 'admin@127.0.0.1',
  startedAt: '2026-01-02T03:04:05.000Z',
  result: 'switched',
  holdMs: 12.5,
  drainMs: 3.25,
  stallMs: { p50: 4, p99: 11, max: 12 },
  held: 30,
  moved: 32,
  pinned: 1,
  killed: 0,
  steps: [{ name: 'lock', ms: 0.5, ok: true }],
  reasons: [],
  warnings: [{ code: 'RESTART', message: 'make read_only=1 outlive a restart of db1' }],
  gtid: { before: 'uuid:1-10', after: null },
};

export const REFUSED: FlightRecord = {
  ...RECORD,
  id: '2026-01-02T03-04-30-shop',
  kind: 'failover',
  result: 'refused',
  reasons: [{ code: 'ALIVE', message: 'db1 answers' }],
};

export const REFUSED_REJOIN: RejoinReport = {
  id: '2026-01-02T03-05-06-shop',
  kind: 'rejoin',
  pool: 'shop',
  node: 'db1',
  active: 'db2',
  donor: null,
  by: 'admin@127.0.0.1',
  startedAt: '2026-01-02T03:05:06.000Z',
  result: 'refused',
  steps: [{ name: 'compare', ms: 1, ok: false }],
  reasons: [{ code: 'ERRANT', message: 'db1 has transactions that db2 lacks: uuid:11' }],
  warnings: [],
  lost: {
    node: 'db1',
    gtid: 'uuid:11',
    transactions: [{ gtid: 'uuid:11', statements: ['write rows of shop.t'] }],
    complete: true,
  },
  waysOut: [{ what: 'forget them', statements: ['-- on db1', 'RESET BINARY LOGS AND GTIDS;'] }],
};

export const POOL: PoolReport = {
  name: 'shop',
  epoch: 3,
  active: 'db1',
  gate: 'OPEN',
  status: 'OK',
  clients: 32,
  held: 0,
  frozen: null,
  pausedUntil: null,
  nodes: [
    {
      name: 'db1',
      address: '127.0.0.1:3316',
      type: 'PRIMARY',
      state: 'ACTIVE',
      status: 'OK',
      role: 'primary',
      readOnly: false,
      lagSeconds: null,
      heartbeatLagSeconds: null,
      gtid: 'uuid:1-10',
      errors: 0,
      lastPoll: '2026-01-02T03:04:05.000Z',
      latePolls: 0,
      uptimeSeconds: 60,
      restarted: null,
      message: null,
      clients: 4,
      idleBackends: 2,
      up: 'rw',
      weight: 100,
      set: null,
    },
  ],
};

export const EVENT: PoolEvent = {
  at: '2026-01-02T03:04:05.000Z',
  pool: 'shop',
  kind: 'STATE',
  node: 'db2',
  by: 'monitor',
  message: 'OK_CRITICAL/STANDBY -> FAIL/FAILED_OFFLINE: connection refused',
  facts: { errors: 4 },
};

/** Of a server that listens on TCP. */
export function portOf(address: unknown): number {
  return typeof address === 'object' && address !== null && 'port' in address ? Number(address.port) : 0;
}

/** A control plane that switches when it is told to: each call of `go` lets the running switch do one step. */
export class FakeControlPlane implements ControlPlane {
  readonly asked: unknown[] = [];
  answer: CheckReport['answer'] = 'refuse';
  /** how the next switch ends, unless it is aborted */
  result: FlightRecord['result'] = 'switched';
  /** waits for an abort instead of ending by itself */
  stuck = false;
  /** code with which the next order is refused */
  refusal: string | null = null;
  started: () => void = () => undefined;

  async status(): Promise<PoolReport[]> {
    return [POOL];
  }

  async check(pool: string, request: object) {
    this.asked.push({ check: pool, ...request });
    return {
      pool,
      from: 'db1',
      to: 'db2',
      answer: this.answer,
      predictedHoldMs: null,
      guardrails: [
        { code: 'LAG', ok: false, message: 'db2 lags by 5 s' },
        { code: 'BINLOG', ok: true, message: 'db2 writes a binary log' },
      ],
      blocking: [],
    };
  }

  async switch(
    pool: string,
    request: object,
    onStep: (event: StepEvent) => void,
    abort: AbortSignal,
  ): Promise<FlightRecord> {
    this.asked.push({ switch: pool, ...request });
    if (pool === 'broken') throw new TypeError('out of order');
    onStep({ step: 'lock', state: 'start', ms: null, detail: '' });
    onStep({ step: 'lock', state: 'ok', ms: 0.5, detail: '' });
    this.started();
    if (this.stuck) {
      if (!abort.aborted) await new Promise((resolve) => abort.addEventListener('abort', resolve, { once: true }));
      const reason = String(abort.reason);
      return { ...RECORD, result: 'rolled-back', reasons: [{ code: 'ABORTED', message: reason }] };
    }
    return { ...RECORD, result: this.result };
  }

  async checkFailover(pool: string, request: object): Promise<FailoverCheck> {
    this.asked.push({ checkFailover: pool, ...request });
    const go = this.answer === 'go';
    return {
      pool,
      from: 'db1',
      to: go ? 'db2' : null,
      answer: this.answer,
      lastAnswer: '2026-01-02T03:04:05.000Z',
      guardrails: go
        ? [{ code: 'ELECT', ok: true, message: 'db2 takes over' }]
        : [{ code: 'ALIVE', ok: false, message: 'db1 answers: move the pool with a switch' }],
      warnings: go ? [{ code: 'LOST', message: 'uuid:11, which db3 has, is not on db2' }] : [],
    };
  }

  async failover(pool: string, request: object, onStep: (event: StepEvent) => void): Promise<FlightRecord> {
    this.asked.push({ failover: pool, ...request });
    onStep({ step: 'confirm', state: 'ok', ms: 0.5, detail: '' });
    return { ...RECORD, kind: 'failover', result: this.result };
  }

  async switchback(pool: string, request: object): Promise<FlightRecord> {
    this.asked.push({ switchback: pool, ...request });
    return { ...RECORD, result: this.result };
  }

  async activatePrimary(pool: string, request: object): Promise<FlightRecord> {
    this.asked.push({ activatePrimary: pool, ...request });
    return { ...RECORD, result: this.result };
  }

  async rejoin(pool: string, request: RejoinRequest, onStep: (event: StepEvent) => void): Promise<RejoinReport> {
    this.asked.push({ rejoin: pool, ...request });
    if (request.rebuild?.confirm === null) {
      const reasons = [{ code: 'UNCONFIRMED', message: 'all data of db1 would be destroyed by a copy of db3' }];
      return { ...REFUSED_REJOIN, donor: 'db3', reasons, waysOut: [] };
    }
    if (request.rebuild !== undefined) {
      return { ...REFUSED_REJOIN, result: 'rejoined', donor: 'db3', reasons: [], waysOut: [] };
    }
    onStep({ step: 'compare', state: 'failed', ms: 1, detail: 'it has more' });
    return REFUSED_REJOIN;
  }

  async checkpoints(): Promise<CheckpointReport[]> {
    return [{ place: 'outside', what: 'tcp 192.0.2.1:443', ok: false, message: 'no answer within 1000 ms' }];
  }

  async carryOut(pool: string, order: Order, by: string): Promise<string> {
    this.asked.push({ pool, order, by });
    if (this.refusal !== null) throw new RefusedError(this.refusal, 'it is as it is');
    return 'it is so now';
  }

  poolOf(node: string): string | null {
    return ['db1', 'db2', 'db3'].includes(node) ? 'shop' : null;
  }

  async events(pool?: string): Promise<PoolEvent[]> {
    return pool === undefined || pool === 'shop' ? [EVENT] : [];
  }

  async history() {
    return [RECORD, REFUSED, REFUSED_REJOIN];
  }

  async show(id: string) {
    return (await this.history()).find((record) => record.id === id) ?? null;
  }
}

/** Shows traffic; moves nothing. */
export const fakePlane: DataPlane = {
  activate: unexpected,
  warm: unexpected,
  hold: unexpected,
  cut: unexpected,
  drained: unexpected,
  kill: unexpected,
  release: unexpected,
  accounts: unexpected,
  unknownWrites: unexpected,
  serveReads: unexpected,
  refusedAccounts: unexpected,
  async stats() {
    return { gate: 'OPEN', clients: 32, held: 0, accounts: ['app'], nodes: {}, workMs: { p50: 1, p95: 2.5, max: 9 } };
  },
  async blocking() {
    return [];
  },
  async sessions(): Promise<SessionRow[]> {
    const base = { user: 'app', client: '127.0.0.1:50000', schema: 'shop', node: 'db1', state: 'PINNED', ageMs: 1.5 };
    return [{ ...base, session: 7, pins: ['GET_LOCK', 'TEMPORARY_TABLE'], weakPins: ['FOUND_ROWS'] }];
  },
  async backends(): Promise<BackendRow[]> {
    return [{ node: 'db1', user: 'app', connectionId: 99, state: 'IDLE', epoch: 3, session: null, statements: 12 }];
  },
};

async function unexpected(): Promise<never> {
  throw new Error('no admin statement asks this of the data plane');
}
