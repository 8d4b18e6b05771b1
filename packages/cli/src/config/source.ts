import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
} from 'yaml';

export type ConfigPath = readonly PropertyKey[];

/** YAML takes the bracket for the beginning of a list. */
const UNQUOTED_IPV6 = /[\s:,[{]\[[0-9A-Fa-f]*:[0-9A-Fa-f:.]*\]:\d/;

/** A YAML text that can say on which line each of its values and keys stands. */
export class ConfigSource {
  readonly file: string;
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();
  readonly #text: string;

  constructor(file: string, text: string) {
    this.file = file;
    this.#text = text;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
  }

  /** What makes it no YAML at all. */
  syntaxErrors(): { readonly line: number; readonly message: string }[] {
    const texts = this.#text.split('\n');
    return this.#document.errors.map((error) => {
      const { line } = this.#lines.linePos(error.pos[0]);
      const hint = UNQUOTED_IPV6.test(texts[line - 1] ?? '')
        ? '; an IPv6 address is written in quotes: "[::1]:3306"'
        : '';
      return { line, message: `${error.message}${hint}` };
    });
  }

  /** Plain JavaScript values. Throws a ReferenceError when aliases unfold to too much. */
  toValue(): unknown {
    return this.#document.toJS({ maxAliasCount: 100 });
  }

  /** Whether the file itself has a value there (otherwise it is a default). */
  has(path: ConfigPath): boolean {
    return this.#walk(path).found;
  }

  /** The line of the value; where it is missing, that of the nearest value around it. */
  lineOf(path: ConfigPath): number {
    const { start } = this.#walk(path);
    return start === null ? 1 : this.#lines.linePos(start).line;
  }

  #walk(path: ConfigPath): { found: boolean; start: number | null } {
    let node: Node | null | undefined = this.#document.contents;
    let start = node?.range?.[0] ?? null;
    for (const step of path) {
      if (isAlias(node)) node = node.resolve(this.#document);
      let next: unknown;
      if (isSeq(node)) next = node.items[Number(step)];
      else if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
        // the key's line is where the eye looks; a block value begins on the line after it
        if (isPair(pair) && isScalar(pair.key)) start = pair.key.range?.[0] ?? start;
        next = pair?.value;
      }
      if (next === undefined) return { found: false, start };
      node = isNode(next) ? next : null;
      if (isSeq(node) || isMap(node) || isScalar(node)) {
        const inSequence = typeof step === 'number';
        if (inSequence) start = node.range?.[0] ?? start;
      }
    }
    return { found: true, start };
  }
}
