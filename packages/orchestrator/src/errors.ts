/**
 * Base of everything that the orchestrator throws on purpose. `code` is stable and may be scripted against; the message never
 * holds a password or statement text of a client.
 */
export class OrchestratorError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** No connection to a node, or it was lost before the statement was sent. Nothing was changed by the statement. */
export class UnreachableError extends OrchestratorError {
  /** The server's error number when it answered and refused the login, for example 1045; else null. */
  readonly errno: number | null;

  constructor(message: string, errno: number | null = null) {
    super('UNREACHABLE', message);
    this.errno = errno;
  }
}

/** The name of a node could not be looked up: that says nothing of the node itself. */
export class UnresolvedError extends OrchestratorError {
  constructor(message: string, options?: ErrorOptions) {
    super('UNRESOLVED', message, options);
  }
}

/** A statement was sent and its reply never came: it may have run, may run later, or never. Read before undoing. */
export class UnknownOutcomeError extends OrchestratorError {
  constructor(message: string, options?: ErrorOptions) {
    super('UNKNOWN_OUTCOME', message, options);
  }
}

/** The server answered with an error. */
export class ServerError extends OrchestratorError {
  /** The server's error number, for example 1205. */
  readonly errno: number;

  constructor(errno: number, message: string, options?: ErrorOptions) {
    super('SERVER_ERROR', message, options);
    this.errno = errno;
  }
}

/** A step of a switch failed for a reason that has a code of its own (a guardrail's or DRAIN_TIMEOUT, APPLY_TIMEOUT, ABORTED …). */
export class SwitchError extends OrchestratorError {}

/** An operator's wish that is not granted, with the reason. Nothing was changed. */
export class RefusedError extends OrchestratorError {}

export const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);

export const codeOf = (error: unknown): string => (error instanceof OrchestratorError ? error.code : 'INTERNAL');

/** `code` of an error of Node's own, such as ENOENT. Not by instanceof: test runners give modules an Error of their own. */
export const systemCode = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
