import { OrchestratorError } from '../errors';

/** What the admin port tells a client with an ERR packet. */
export class AdminError extends OrchestratorError {
  /** MySQL's error number */
  readonly errno: number;
  /** five characters */
  readonly sqlState: string;

  constructor(code: string, errno: number, sqlState: string, message: string) {
    super(code, message);
    this.errno = errno;
    this.sqlState = sqlState;
  }
}

/** `near`: where the parser stopped. */
export function syntaxError(expected: string, near: string): AdminError {
  const where = near === '' ? 'at the end' : `near '${near.slice(0, 80)}'`;
  return new AdminError('SYNTAX', 1064, '42000', `You have an error in your statement ${where}; expected ${expected}`);
}

/** MySQL has no number for these: 1105 with the code in front of the sentence, so that it reaches the client. */
export function codedError(code: string, message: string): AdminError {
  return new AdminError(code, 1105, 'HY000', `${code}: ${message}`);
}
