/** A number and its noun as people read them: `1 warning`, `2 warnings`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
