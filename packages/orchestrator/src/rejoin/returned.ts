import { messageOf } from '../errors';
import type { NodeConnection } from '../link/node-link';
import { EventKind, WriteFate, type FlightRecord, type LostTransactions } from '../report';
import type { Records } from '../state/records';
import type { Bench } from '../switch/context';
import { fatesOf, sentenceOfFates } from './fates';
import { lostOf, strayOf } from './lost';

const CONNECT_MS = 1000;

/** When an old primary returns after a failover, what only it had, and what became of writes of unknown outcome, is put into the record of that failover, once. */
export class Returned {
  readonly #bench: Bench;
  readonly #records: Records;
  /** Nodes of which it is known, or that nothing was lost with. */
  readonly #known = new Set<string>();
  #work: Promise<void> | null = null;

  constructor(bench: Bench, records: Records) {
    this.#bench = bench;
    this.#records = records;
  }

  /** `node` died, and another took over: its list is yet to be made. */
  forget(node: string): void {
    this.#known.delete(node);
  }

  /** At each good poll of a node that was demoted and takes no writes. */
  look(node: string, active: string): void {
    if (this.#known.has(node) || this.#work !== null) {
      return;
    }
    this.#work = this.#list(node, active)
      .then(() => void this.#known.add(node))
      .catch((error: unknown) => {
        this.#bench.log('warn', `what only ${node} has could not be listed yet`, { reason: messageOf(error) });
      })
      .finally(() => {
        this.#work = null;
      });
  }

  /** What only it has is about to be destroyed: this is the list, or nobody knows (null). */
  async told(node: string, lost: LostTransactions | null): Promise<void> {
    await this.#work;
    this.#known.add(node);
    const record = await this.#recordOf(node);
    if (record !== undefined && record.lost === undefined) {
      const unknown = { node, gtid: '', transactions: [], complete: false };
      await this.#records.add({ ...record, lost: lost ?? unknown });
    }
  }

  async settled(): Promise<void> {
    await this.#work;
  }

  /** Of the failover that replaced it last. */
  async #recordOf(name: string): Promise<FlightRecord | undefined> {
    return (await this.#records.flights(this.#bench.pool.name)).findLast((each) => tookOverFrom(each, name));
  }

  async #list(name: string, active: string): Promise<void> {
    const { pool, links, log, events } = this.#bench;
    const record = await this.#recordOf(name);
    if (record === undefined || (record.lost !== undefined && !isUntold(record))) {
      return;
    }
    const old = await links.get(name)!.connect(CONNECT_MS);
    let other: NodeConnection | null = null;
    try {
      other = await links.get(active)!.connect(CONNECT_MS);
      const stray = await strayOf(old, other);
      const lost = record.lost ?? (await lostOf(this.#bench, old, stray));
      const unknown = record.unknown && (await fatesOf(this.#bench, old, record.unknown, stray));
      await this.#records.add({ ...record, lost, ...(unknown !== undefined && { unknown }) });
      if (unknown !== undefined) {
        const message = `${sentenceOfFates(unknown, name)}; see: npx myswitch show ${record.id}`;
        const facts = { id: record.id, writes: unknown.writes };
        events.add({ kind: EventKind.ADVICE, node: name, by: 'monitor', message, facts });
        log('warn', message, { pool: pool.name });
      }
      if (record.lost === undefined && lost.gtid !== '') {
        const message = `${name} has transactions that ${active} lacks: ${lost.gtid}; see: npx myswitch show ${record.id}`;
        const facts = { id: record.id, gtid: lost.gtid };
        events.add({ kind: EventKind.ADVICE, node: name, by: 'monitor', message, facts });
        log('error', message, { pool: pool.name });
      }
    } finally {
      old.connection.destroy();
      other?.connection.destroy();
    }
  }
}

const isUntold = ({ unknown }: FlightRecord): boolean =>
  unknown?.writes.some(({ fate }) => fate === WriteFate.UNTOLD) === true;

const tookOverFrom = ({ kind, result, from }: FlightRecord, name: string): boolean =>
  kind === 'failover' && result === 'switched' && from === name;
