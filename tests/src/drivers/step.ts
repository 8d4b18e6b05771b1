import type { Answer, Request } from './driver';

/** What a step may do: ask the driver; every answer goes into the transcript that is compared. */
export interface Asking {
  readonly database: string;
  /** A second schema of the same account. */
  readonly otherDatabase: string;
  /** Path of a file with three lines for the table `words`. */
  readonly infile: string;
  readonly connect: Omit<Extract<Request, { op: 'connect' }>, 'op'>;
  /** Authority of the certificate that the driver will see. */
  readonly ca: string;
  ask(request: Request): Promise<Answer>;
  query(sql: string, on?: string): Promise<Answer>;
}

type Phase = (job: Asking) => Promise<void>;

export interface Step {
  /** The feature's name in the matrix. */
  readonly name: string;
  /** A switch comes between two phases, and after the last one. */
  readonly phases: readonly Phase[];
  /** Errors are what it is about: one does not mean that the driver lacks the feature. */
  readonly errors?: boolean;
  /** The main connection is not there (yet). */
  readonly stateless?: boolean;
}
