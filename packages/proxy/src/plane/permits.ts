/** Who is logged in to accounts that may have only so many connections: counted for all processes together, by the main one. */
export class Permits {
  readonly #taken = new Map<string, number>();

  /** What one process has of them; whatever it still has is free when it ends. */
  holder(): PermitHolder {
    return new PermitHolder(this);
  }

  isFull(key: string, max: number): boolean {
    return (this.#taken.get(key) ?? 0) >= max;
  }

  /** For PermitHolder alone. */
  change(key: string, by: number): void {
    const taken = (this.#taken.get(key) ?? 0) + by;
    if (taken === 0) this.#taken.delete(key);
    else this.#taken.set(key, taken);
  }
}

export class PermitHolder {
  readonly #permits: Permits;
  readonly #own = new Map<string, number>();
  #ended = false;

  constructor(permits: Permits) {
    this.#permits = permits;
  }

  /** One more connection of an account that may have `max`; false: it has them. */
  async take(key: string, max: number): Promise<boolean> {
    // what another process gave back before this was asked may be a message of the same turn
    if (this.#permits.isFull(key, max)) await new Promise((resolve) => setImmediate(resolve));
    if (this.#ended || this.#permits.isFull(key, max)) return false;
    this.#change(key, 1);
    return true;
  }

  give(key: string): void {
    if (!this.#ended) this.#change(key, -1);
  }

  end(): void {
    for (const [key, count] of this.#own) this.#permits.change(key, -count);
    this.#own.clear();
    this.#ended = true;
  }

  #change(key: string, by: number): void {
    const own = (this.#own.get(key) ?? 0) + by;
    if (own === 0) this.#own.delete(key);
    else this.#own.set(key, own);
    this.#permits.change(key, by);
  }
}
