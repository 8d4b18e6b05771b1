export const ms = (value: number | null): string => (value === null ? 'unknown' : `${value.toFixed(1)} ms`);

export const count = (value: number): string => value.toLocaleString('en-US');

export const seconds = (value: number): string => `${(value / 1000).toFixed(1)} s`;
