import { createHash } from 'node:crypto';
import type { Answer, Param } from './driver';

const LONG = 200;

/** A value of a driver in this process as text with its type; long ones as length and hash. */
export function told(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return `buffer:${shortened(value.toString('hex'))}`;
  if (value instanceof Date) return `date:${Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString()}`;
  if (typeof value === 'object') return `object:${shortened(JSON.stringify(value))}`;
  return `${typeof value}:${shortened(String(value as string | number | bigint | boolean))}`;
}

function shortened(text: string): string {
  if (text.length <= LONG) return text;
  return `${text.length} ${createHash('md5').update(text).digest('hex')}`;
}

/** A parameter as JavaScript drivers take it. */
export function bound({ t, v = '', n = 1 }: Param): string | number | bigint | Buffer | null {
  switch (t) {
    case 'null':
      return null;
    case 'int':
      return Number.isSafeInteger(Number(v)) ? Number(v) : BigInt(v);
    case 'double':
      return Number(v);
    case 'blob':
      return Buffer.from(v, 'hex');
    case 'repeat':
      return v.repeat(n);
    case 'string':
    case 'decimal':
    case 'date':
    case 'datetime':
    case 'time':
      return v;
  }
}

/** Counts and ids are BigInt in some drivers, which JSON does not know. */
export function counted(value: unknown): string | null {
  return value === null || value === undefined ? null : `${typeof value}:${String(value as bigint)}`;
}

interface SqlError {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly sqlState?: unknown;
  readonly sqlMessage?: unknown;
  readonly message?: unknown;
}

/** Error of a JavaScript driver, or of a mapper that carries one. */
export function failed(error: unknown): Answer {
  const outer = error as SqlError & { readonly original?: SqlError; readonly driverError?: SqlError; cause?: SqlError };
  const { code, errno, sqlState, sqlMessage, message } = outer.original ?? outer.driverError ?? outer.cause ?? outer;
  const text = String(sqlMessage ?? message);
  return { error: { code: errno ?? code ?? null, state: sqlState ?? null, message: text } };
}
