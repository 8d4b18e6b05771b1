/**
 * A queue that takes from each source in turn, and within a source from each name in turn: who sends a lot waits for
 * itself. Bounded for each source and altogether.
 *
 *     source a:  name x: 1 2 3   name y: 4
 *     source b:  name z: 5                      is taken as 1 5 4 2 3
 */
export class FairQueue<T> {
  readonly #maxOfSource: number;
  readonly #max: number;
  /** The first is the next in turn, in both maps. */
  readonly #sources = new Map<string, { size: number; readonly names: Map<string, T[]> }>();
  #size = 0;

  constructor(limits: { readonly ofSource: number; readonly all: number }) {
    this.#maxOfSource = limits.ofSource;
    this.#max = limits.all;
  }

  get size(): number {
    return this.#size;
  }

  /** False when it is full. */
  add(source: string, name: string, item: T): boolean {
    const found = this.#sources.get(source) ?? { size: 0, names: new Map<string, T[]>() };
    if (this.#size >= this.#max || found.size >= this.#maxOfSource) return false;
    this.#size++;
    found.size++;
    const items = found.names.get(name);
    if (items === undefined) found.names.set(name, [item]);
    else items.push(item);
    if (found.size === 1) this.#sources.set(source, found);
    return true;
  }

  /** null when it is empty. */
  take(): T | null {
    for (const [source, found] of this.#sources) {
      this.#sources.delete(source);
      for (const [name, items] of found.names) {
        found.names.delete(name);
        const item = items.shift()!;
        if (items.length > 0) found.names.set(name, items);
        this.#size--;
        if (--found.size > 0) this.#sources.set(source, found);
        return item;
      }
    }
    return null;
  }
}
