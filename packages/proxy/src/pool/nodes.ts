import { ProxyError } from '../errors';
import type { PoolOptions } from '../options';
import { Node } from './node';

/** The nodes of a pool, and which of them were given up as dead. */
export class Nodes {
  readonly #pool: string;
  readonly #nodes: ReadonlyMap<string, Node>;
  /** No connection goes there until the control plane names them again. */
  readonly #cut = new Set<string>();

  constructor({ name, nodes }: PoolOptions) {
    this.#pool = name;
    this.#nodes = new Map(nodes.map((node) => [node.name, new Node(node)]));
  }

  /** Throws ILLEGAL_STATE. */
  get(name: string): Node {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new ProxyError('ILLEGAL_STATE', `pool ${this.#pool} has no node ${name}`);
    return node;
  }

  cut(name: string): Node {
    const node = this.get(name);
    this.#cut.add(name);
    return node;
  }

  isCut(name: string): boolean {
    return this.#cut.size > 0 && this.#cut.has(name);
  }

  /** It is not dead, or no longer; true if it was given up before. */
  mend(name: string): boolean {
    return this.#cut.delete(name);
  }
}
