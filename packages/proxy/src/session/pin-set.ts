import type { Pin } from './pins';

/** A cause that has no name, so that nothing but the end of them all ends it. */
const UNNAMED = '';

/** Why a session can't leave its backend. A reason lasts as long as any of its causes: each temporary table, each lock. */
export class PinSet {
  readonly #since = new Map<Pin, number>();
  readonly #causes = new Map<Pin, Set<string>>();

  get size(): number {
    return this.#since.size;
  }

  /** `now`: by the pool's clock. `cause` null: what it is can't be told. */
  add(reason: Pin, now: number, cause: string | null = null): void {
    if (!this.#since.has(reason)) this.#since.set(reason, now);
    let causes = this.#causes.get(reason);
    if (causes === undefined) this.#causes.set(reason, (causes = new Set()));
    causes.add(cause ?? UNNAMED);
  }

  end(reason: Pin): void {
    this.#since.delete(reason);
    this.#causes.delete(reason);
  }

  endCause(reason: Pin, cause: string): void {
    const causes = this.#causes.get(reason);
    if (causes?.delete(cause) === true && causes.size === 0) this.end(reason);
  }

  has(reason: Pin): boolean {
    return this.#since.has(reason);
  }

  /** The causes of a reason that have a name. */
  named(reason: Pin): string[] {
    return [...(this.#causes.get(reason) ?? [])].filter((cause) => cause !== UNNAMED);
  }

  get reasons(): Pin[] {
    return [...this.#since.keys()];
  }

  /** When the oldest of them began; null without any. */
  get since(): number | null {
    const [first] = this.#since.values();
    return first ?? null;
  }

  clear(): void {
    this.#since.clear();
    this.#causes.clear();
  }
}
