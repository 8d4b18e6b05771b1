/** Pseudo-random numbers that a seed repeats (xorshift128, seeded by splitmix32). Not for secrets. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    let state = seed >>> 0;
    const next = (): number => {
      state = (state + 0x9e3779b9) >>> 0;
      let mixed = state ^ (state >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      return (mixed ^ (mixed >>> 15)) >>> 0;
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
  }

  /** 32 bits. */
  u32(): number {
    let t = this.#d;
    const s = this.#a;
    this.#d = this.#c;
    this.#c = this.#b;
    this.#b = s;
    t ^= t << 11;
    t ^= t >>> 8;
    this.#a = (t ^ s ^ (s >>> 19)) >>> 0;
    return this.#a;
  }

  /** From 0 to below `end`. */
  below(end: number): number {
    return this.u32() % end;
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let i = 0; i < length; i++) bytes[i] = this.u32();
    return bytes;
  }

  /** Short as a rule, and seldom long. */
  length(): number {
    if (this.once(40)) return this.below(5000);
    return this.once(4) ? this.below(300) : this.below(24);
  }

  /** Where a stream of `length` bytes is cut: up to 8 places, now and then everywhere. */
  cuts(length: number): number[] {
    if (length < 600 && this.once(8)) return Array.from({ length }, (_, i) => i);
    const places = Array.from({ length: 1 + this.below(8) }, () => this.below(length + 1));
    return places.sort((a, b) => a - b);
  }
}

/** The pieces of a stream cut at these places. Copies: who reads them may write to them. */
export function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...cuts, bytes.length];
  return ends.map((end, i) => Buffer.from(bytes.subarray(ends[i - 1] ?? 0, end))).filter(({ length }) => length > 0);
}
