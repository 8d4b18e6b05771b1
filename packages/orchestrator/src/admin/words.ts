/** What productions outside of the parser read with. Each takes what it names, or throws AdminError 1064 with what was expected. */
export interface Words {
  /** False, and nothing taken, when something else comes. */
  take(keyword: string): boolean;
  takeSymbol(symbol: string): boolean;
  expect(keyword: string): void;
  /** `expected`: for the error. */
  name(expected: string): string;
  duration(): number;
  choice<T extends string>(choices: readonly T[]): T;
  number(least: number, most: number): number;
  /** host:port, bare or quoted */
  address(): string;
  error(expected: string): Error;
}
