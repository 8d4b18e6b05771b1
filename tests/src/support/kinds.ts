import { KINDS, type Kind } from '@myswitch/testkit';

/** Why a kind is not on this machine, as scripts/jest/global-setup.js found; null when it is. */
function whyMissing(kind: Kind): string | null {
  return process.env[`MYSWITCH_MISSING_${kind.toUpperCase()}`] ?? null;
}

/** MariaDB is in every distribution; MySQL may be skipped, but not in CI. */
function isRequired(kind: Kind): boolean {
  return kind === 'mariadb' || (process.env['CI'] ?? '') !== '';
}

/** The same tests for each kind of server. A kind that can't be had is skipped by name, or fails where it is required. */
export function describeKinds(title: string, body: (kind: Kind) => void): void {
  for (const kind of KINDS) {
    const reason = whyMissing(kind);
    if (reason === null) {
      describe(`${title} (${kind})`, () => body(kind));
    } else if (isRequired(kind)) {
      test(`${title} (${kind})`, () => {
        throw new Error(reason);
      });
    } else {
      describe.skip(`${title} (${kind}: ${reason})`, () => body(kind));
    }
  }
}
