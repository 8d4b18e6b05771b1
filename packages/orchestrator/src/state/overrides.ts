import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OrchestratorError, systemCode } from '../errors';
import type { Override } from '../ladder/override';
import { fileName, writeAtomically } from './atomic-file';

/** What operators set of a pool's nodes: stateDir/POOL.overrides.json. It outlives a restart, since only `release` ends it. */
export class Overrides {
  readonly #path: string;
  #nodes: ReadonlyMap<string, Override>;
  #queue: Promise<void> = Promise.resolve();

  private constructor(path: string, nodes: ReadonlyMap<string, Override>) {
    this.#path = path;
    this.#nodes = nodes;
  }

  /** Rejects with OVERRIDES_UNREADABLE: a node that must never take over would be forgotten. */
  static async load(stateDir: string, pool: string): Promise<Overrides> {
    const path = join(stateDir, `${fileName(pool)}.overrides.json`);
    try {
      return new Overrides(path, new Map(Object.entries(JSON.parse(await readFile(path, 'utf8')) as object)));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return new Overrides(path, new Map());
      throw new OrchestratorError('OVERRIDES_UNREADABLE', `${path} can't be read: mend or remove it`);
    }
  }

  of(node: string): Override | null {
    return this.#nodes.get(node) ?? null;
  }

  /** Seen at once, and durable when the promise resolves. Null: the node is released. */
  write(node: string, override: Override | null): Promise<void> {
    const nodes = new Map(this.#nodes);
    if (override === null) nodes.delete(node);
    else nodes.set(node, override);
    this.#nodes = nodes;
    const content = `${JSON.stringify(Object.fromEntries(nodes), null, 2)}\n`;
    const written = this.#queue.then(() => writeAtomically(this.#path, content));
    this.#queue = written.catch(() => undefined);
    return written;
  }
}
