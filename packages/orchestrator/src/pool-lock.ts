import { createHash } from 'node:crypto';
import { quote, text } from './control-connection';
import type { NodeConnection, NodeLink } from './node-link';

/** Names of user locks are at most 64 characters long. */
const lockName = (pool: string): string => {
  const name = `myswitch:${pool}`;
  return name.length <= 64 ? name : `myswitch:${createHash('sha256').update(pool).digest('hex').slice(0, 40)}`;
};

/** GET_LOCK('myswitch:POOL') on the ACTIVE, held by a connection that is kept: one MySwitch a pool, whatever machine it runs on. */
export class PoolLock {
  readonly #name: string;
  #node: NodeConnection | null = null;

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
    const row = await connection.row(
      `SELECT GET_LOCK(${quote(this.#name)}, 0) AS got, IS_USED_LOCK(${quote(this.#name)}) AS holder`,
      deadlineMs,
    );
    if (text(row, 'got') === '1') {
      this.#node = node;
      return null;
    }
    const holder = Number(text(row, 'holder'));
    const session = (await dialect.sessions(connection, deadlineMs)).find(({ id }) => id === holder);
    return session === undefined
      ? `connection ${holder}`
      : `${session.user} from ${session.host} (connection ${holder})`;
  }

  /** Lets it go: the server frees the lock with its connection. */
  release(): void {
    this.#node?.connection.destroy();
    this.#node = null;
  }
}
