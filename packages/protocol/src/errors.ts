export type ProtocolErrorCode = 'MALFORMED' | 'OUT_OF_ORDER' | 'TOO_LARGE' | 'UNSUPPORTED' | 'ILLEGAL_STATE';

/**
 * The one error that this package throws on what a peer sent. Its message never holds bytes of the message, so it is
 * safe to log. ILLEGAL_STATE: our own caller used a login machine out of turn.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
