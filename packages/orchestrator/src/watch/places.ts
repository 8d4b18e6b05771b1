/** Which server each node of every pool is, whatever its address says. */
export class Places {
  readonly #places = new Map<string, string>();

  /** Names of nodes are unique in a configuration. Equal places are one server. */
  note(node: string, place: string): void {
    this.#places.set(node, place);
  }

  /** Other nodes that are the same server. */
  twinsOf(node: string): readonly string[] {
    const place = this.#places.get(node);
    return [...this.#places].filter(([other, theirs]) => other !== node && theirs === place).map(([other]) => other);
  }
}
