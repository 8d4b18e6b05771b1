/** The system's code of an error, such as ENOENT; `null` when it has none. */
export function errorCode(error: unknown): string | null {
  return isObject(error) && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** The sentence of whatever was thrown. */
export function errorMessage(error: unknown): string {
  return isObject(error) && 'message' in error ? String(error.message) : String(error);
}

/** `instanceof Error` misses errors from another realm. */
function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
