import { KINDS, type Kind } from '@myswitch/testkit';

/** Why a kind is not on this machine, as scripts/jest/global-setup.js found; null when it is. */
function whyMissing(kind: Kind): string | null {
  return process.env[`MYSWITCH_MISSING_${kind.toUpperCase()}`] ?? null;
}

/** In CI nothing may be left out. */
const isCi = (): boolean => (process.env['CI'] ?? '') !== '';

/** Why servers of a kind can't be copied on this machine; null: they can, or have to: then the copy itself says what it lacks. */
export function whyNoCopies(kind: Kind): string | null {
  return kind === 'mysql' || isCi() ? null : (process.env['MYSWITCH_MISSING_MARIADB_BACKUP'] ?? null);
}

/** MariaDB is in every distribution; MySQL may be skipped, but not in CI. */
function isRequired(kind: Kind): boolean {
  return kind === 'mariadb' || isCi();
}

/**
 * The same tests for each kind of server. A kind that can't be had is skipped by name, or fails where it is required; `whyNot` is what else the
 * tests need; `kinds`: default all.
 */
export function describeKinds(
  title: string,
  body: (kind: Kind) => void,
  whyNot: (kind: Kind) => string | null = () => null,
  kinds: readonly Kind[] = KINDS,
): void {
  for (const kind of kinds) {
    const missing = whyMissing(kind);
    const reason = missing ?? whyNot(kind);
    if (reason === null) {
      describe(`${title} (${kind})`, () => body(kind));
    } else if (missing !== null && isRequired(kind)) {
      test(`${title} (${kind})`, () => {
        throw new Error(reason);
      });
    } else {
      describe.skip(`${title} (${kind}: ${reason})`, () => body(kind));
    }
  }
}
