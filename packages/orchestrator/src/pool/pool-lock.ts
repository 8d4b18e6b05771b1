import { createHash } from 'node:crypto';
import { quote, text } from '../link/control-connection';
import type { NodeConnection, NodeLink } from '../link/node-link';

/** Names of user locks are at most 64 characters long. */
const lockName = (pool: string): string => {
  const name = `myswitch:${pool}`;
  return name.length <= 64 ? name : `myswitch:${createHash('sha256').update(pool).digest('hex').slice(0, 40)}`;
};

/** A killed connection may take a moment to go. */
const FREED_WITHIN_S = 1;

/** GET_LOCK('myswitch:POOL') on the ACTIVE, held by a connection that is kept: one MySwitch a pool, whatever machine it runs on. */
export class PoolLock {
  readonly #name: string;
  #node: NodeConnection | null = null;
  /** The connection that got it last, as the server lists it: if that one was lost, the server may not have noticed for hours. */
  #former: { readonly node: string; readonly id: number; readonly host: string } | null = null;

  constructor(pool: string) {
    this.#name = lockName(pool);
  }

  /** Null when the lock is ours on that node; else who has it. Rejects when the node can't be asked. */
  async take(link: NodeLink, deadlineMs: number): Promise<string | null> {
    const held = this.#node;
    if (held !== null && held.connection.node === link.name && held.connection.usable) {
      const row = await held.connection.row(
        `SELECT IS_USED_LOCK(${quote(this.#name)}) = CONNECTION_ID() AS mine`,
        deadlineMs,
      );
      if (text(row, 'mine') === '1') {
        return null;
      }
    }
    this.release();
    const node = await link.connect(deadlineMs);
    try {
      return await this.#get(node, deadlineMs);
    } finally {
      if (this.#node !== node) node.connection.destroy();
    }
  }

  async #get(node: NodeConnection, deadlineMs: number): Promise<string | null> {
    const { connection, dialect } = node;
    let holder = await this.#holder(node, 0, deadlineMs);
    if (holder !== null) {
      const session = (await dialect.sessions(connection, deadlineMs)).find(({ id }) => id === holder);
      if (session === undefined) return `connection ${holder}`;
      const { id, user, host } = session;
      const former = this.#former;
      if (former === null || former.node !== connection.node || former.id !== id || former.host !== host) {
        return `${user} from ${host} (connection ${id})`;
      }
      await dialect.kill(connection, id, deadlineMs);
      holder = await this.#holder(node, FREED_WITHIN_S, deadlineMs);
      if (holder !== null) return `connection ${holder}`;
    }
    this.#node = node;
    const own = (await dialect.sessions(connection, deadlineMs)).find(({ id }) => id === connection.id);
    this.#former = own === undefined ? null : { node: connection.node, id: own.id, host: own.host };
    return null;
  }

  /** Asks for the lock. Null: it is ours; else the connection that has it. */
  async #holder({ connection }: NodeConnection, waitSeconds: number, deadlineMs: number): Promise<number | null> {
    const row = await connection.row(
      `SELECT GET_LOCK(${quote(this.#name)}, ${waitSeconds}) AS got, IS_USED_LOCK(${quote(this.#name)}) AS holder`,
      deadlineMs,
    );
    return text(row, 'got') === '1' ? null : Number(text(row, 'holder'));
  }

  /** Lets it go: the server frees the lock with its connection. */
  release(): void {
    this.#node?.connection.destroy();
    this.#node = null;
  }
}
