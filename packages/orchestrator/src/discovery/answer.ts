import type { Address } from '../link/address';
import type { Observation, Survey } from '../dialects/dialect';

/** A server that told all about itself. */
export interface Server {
  readonly observation: Observation;
  readonly survey: Survey;
}

export const AnswerState = Object.freeze({
  ANSWERED: 'ANSWERED',
  /** Nobody there, or no answer in time. */
  UNREACHABLE: 'UNREACHABLE',
  /** It answered, and refused the login or a question. */
  REFUSED: 'REFUSED',
  /** The walk ended at its limit. */
  NOT_ASKED: 'NOT_ASKED',
} as const);
export type AnswerState = (typeof AnswerState)[keyof typeof AnswerState];

export type Answer =
  | { readonly state: typeof AnswerState.ANSWERED; readonly server: Server }
  | { readonly state: Exclude<AnswerState, typeof AnswerState.ANSWERED>; readonly reason: string };

/** What came of one address. */
export interface Asked {
  readonly address: Address;
  readonly answer: Answer;
}

/** By `keyOf` the address. */
export type Answers = ReadonlyMap<string, Asked>;
