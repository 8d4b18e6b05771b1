/** Which operation has the pool to itself. */
export class Claim {
  #holder: string | null = null;

  get holder(): string | null {
    return this.#holder;
  }

  /** Null: the pool is `id`'s until it lets go; else the id of who has it already. */
  take(id: string): string | null {
    const holder = this.#holder;
    this.#holder ??= id;
    return holder;
  }

  /** Of one that did not get it: nothing happens. */
  letGo(id: string): void {
    if (this.#holder === id) this.#holder = null;
  }
}
