import type { Kind } from '@myswitch/testkit';
import { EXPLAINED } from './explained';
import type { Way } from './ground';
import { payloadText } from './payloads';
import type { Difference } from './runner';

/** What fits some differences: all that it names has to fit. */
export interface Pattern {
  readonly name: string;
  readonly why: string;
  /** Only random sessions come to it, and not in each run. */
  readonly rare?: true;
  /** Default: both ways through the proxy. */
  readonly way?: Way;
  readonly kind?: Kind;
  readonly title?: RegExp;
  readonly step?: RegExp;
  /** Of the first payloads that differ. */
  readonly direct?: RegExp;
  readonly got?: RegExp;
  /** Takes such pairs of payloads out, wherever they stand; what else differs is looked at without them. */
  readonly payloads?: (direct: Buffer, got: Buffer, before: Buffer | null) => boolean;
}

/** Sorts differences into those that are known, by their patterns, and the others. */
export class Judge {
  readonly #kind: Kind;
  readonly #used = new Set<Pattern>();

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  /** Those that nobody has explained, as texts. */
  unknown(differences: readonly Difference[]): string[] {
    return differences.flatMap((one) => this.#unknown(one) ?? []);
  }

  /** Names of the patterns for this kind that nothing needed. */
  get unused(): string[] {
    const mine = EXPLAINED.filter(({ kind = this.#kind }) => kind === this.#kind);
    return mine.filter((one) => one.rare !== true && !this.#used.has(one)).map(({ name }) => name);
  }

  #unknown(difference: Difference): string | null {
    const patterns = EXPLAINED.filter((one) => fits(one, difference, this.#kind));
    const first = difference.pairs.find(({ direct, got, before }) => {
      if (direct === null || got === null) return true;
      const found = patterns.find(({ payloads }) => payloads?.(direct, got, before) === true);
      if (found !== undefined) this.#used.add(found);
      return found === undefined;
    });
    if (first === undefined) return null;
    const [direct, got] = [payloadText(first.direct), payloadText(first.got)];
    const found = patterns.find(
      (one) => !one.payloads && (one.direct?.test(direct) ?? true) && (one.got?.test(got) ?? true),
    );
    if (found !== undefined) {
      this.#used.add(found);
      return null;
    }
    const { title, profile, way, number, step } = difference;
    return `${title} [${profile}, ${way}] ${number}: ${step}\n  direct ${first.at}: ${direct}\n  got    ${first.at}: ${got}`;
  }
}

function fits(pattern: Pattern, { title, step, way }: Difference, kind: Kind): boolean {
  return (
    (pattern.way ?? way) === way &&
    (pattern.kind ?? kind) === kind &&
    (pattern.title?.test(title) ?? true) &&
    (pattern.step?.test(step) ?? true)
  );
}
