import type { AuthMethod } from './method';

/** Who was found for a user's name. */
export interface Found<A> {
  /** null: nobody may come in; `methods` are those of somebody else then, so that this does not show. */
  readonly account: A | null;
  /** In the order in which they are tried; at least one. */
  readonly methods: readonly AuthMethod[];
  /** The password that fitted a stored one before; null: not known yet. */
  readonly passwordOf: (stored: string) => Buffer | null;
}

/** Somebody whose password is known in clear, or, with `account` null, nobody. */
export function foundByPassword<A>(account: A | null, password: Buffer): Found<A> {
  return { account, methods: [{ kind: 'password', password: account === null ? DECOY : password }], passwordOf };
}

/** Hashed for an unknown user, whom it never lets in, so that the answer takes as long as for a known one. */
const DECOY = Buffer.from('a password that nobody has');
const passwordOf = (): null => null;
