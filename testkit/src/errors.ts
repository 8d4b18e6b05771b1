export const TestkitErrorCode = Object.freeze({
  /** No such server software on this machine and none to be fetched. */
  MISSING: 'MISSING',
  /** A server or MySwitch did not start, or ended before it was ready. */
  START: 'START',
  /** Something did not come true within its deadline. */
  TIMEOUT: 'TIMEOUT',
} as const);
export type TestkitErrorCode = (typeof TestkitErrorCode)[keyof typeof TestkitErrorCode];

export class TestkitError extends Error {
  readonly code: TestkitErrorCode;

  constructor(code: TestkitErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TestkitError';
    this.code = code;
  }
}
