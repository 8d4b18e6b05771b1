/** Milliseconds with one decimal, as people read them; `-` for unknown. */
export function ms(value: number | null): string {
  return value === null ? '-' : `${value.toFixed(1)} ms`;
}
