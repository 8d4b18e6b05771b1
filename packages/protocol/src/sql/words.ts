const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/** The hash of no characters yet; see {@link addToHash}. */
export const EMPTY_HASH = FNV_OFFSET;

/** Adds a character code to a word's hash; ASCII letters count alike in either case. */
export function addToHash(hash: number, code: number): number {
  return Math.imul(hash ^ (code | 0x20), FNV_PRIME);
}

/**
 * A fixed, case-insensitive map from words (`A-Z 0-9 _ $`) to small positive numbers. It looks a word up inside a
 * longer text, by a hash that the lexer computed on its way, and so allocates nothing.
 */
export class WordTable {
  private readonly words: readonly string[];
  private readonly values: Int32Array;
  private readonly hashes: Int32Array;
  private readonly mask: number;

  constructor(entries: ReadonlyMap<string, number>) {
    let size = 16;
    while (size < entries.size * 4) size *= 2;
    const words = Array.from({ length: size }, () => '');
    this.values = new Int32Array(size);
    this.hashes = new Int32Array(size);
    this.mask = size - 1;
    for (const [word, value] of entries) {
      const hash = hashOf(word);
      let slot = this.slotOf(hash);
      while (words[slot] !== '') slot = (slot + 1) & this.mask;
      words[slot] = word.toLowerCase();
      this.values[slot] = value;
      this.hashes[slot] = hash;
    }
    this.words = words;
  }

  /** The word's number, or 0. `hash` is that of text[start, end). */
  find(text: string, start: number, end: number, hash: number): number {
    for (let slot = this.slotOf(hash); ; slot = (slot + 1) & this.mask) {
      const value = this.values[slot]!;
      if (value === 0) return 0;
      if (this.hashes[slot] === hash && equalsIgnoreCase(this.words[slot]!, text, start, end)) return value;
    }
  }

  /** The number of a whole string, or 0. */
  get(word: string): number {
    return this.find(word, 0, word.length, hashOf(word));
  }

  private slotOf(hash: number): number {
    return (hash ^ (hash >>> 15)) & this.mask;
  }
}

function hashOf(word: string): number {
  let hash = EMPTY_HASH;
  for (let i = 0; i < word.length; i++) hash = addToHash(hash, word.charCodeAt(i));
  return hash;
}

/** Whether text[start, end) is `lower` (which is in lower case) but for the case of ASCII letters. */
export function equalsIgnoreCase(lower: string, text: string, start: number, end: number): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    const code = text.charCodeAt(start + i);
    const folded = code >= 65 && code <= 90 ? code | 0x20 : code;
    if (folded !== lower.charCodeAt(i)) return false;
  }
  return true;
}
