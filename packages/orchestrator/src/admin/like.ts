/**
 * LIKE's `%` and `_`, in any case. A `%` takes as little as it can, and one character more each time that what follows it does not fit; only the last
 * one ever has to, so no pattern takes longer than text times pattern.
 */
export function isLike(text: string, pattern: string): boolean {
  const [given, wanted] = [text.toLowerCase(), pattern.toLowerCase()];
  let [at, next] = [0, 0];
  let last: { readonly after: number; taken: number } | null = null;
  while (at < given.length) {
    const sign = wanted[next];
    if (sign === '%') {
      next += 1;
      last = { after: next, taken: at };
    } else if (sign === '_' || sign === given[at]) {
      at += 1;
      next += 1;
    } else if (last === null) {
      return false;
    } else {
      last.taken += 1;
      at = last.taken;
      next = last.after;
    }
  }
  return /^%*$/.test(wanted.slice(next));
}
