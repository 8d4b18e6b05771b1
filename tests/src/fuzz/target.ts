import { ProtocolError } from '@myswitch/protocol';
import type { Random } from './random';

/** A codec or state machine, and how messages for it are made. */
export interface Target {
  readonly name: string;
  /** How often it is chosen, compared with others. */
  readonly weight: number;
  /**
   * Makes one input and gives it to the code. `sound`: nothing is wrong with it, so that it must be understood. May throw
   * ProtocolError if it is not sound, and nothing else, ever.
   */
  run(random: Random, sound: boolean): void;
}

/** What came of it: a ProtocolError is an outcome like another. */
export function outcome(action: () => unknown): string {
  try {
    const result = action();
    return typeof result === 'string' ? result : 'done';
  } catch (error) {
    if (error instanceof ProtocolError) return `${error.code}: ${error.message}`;
    throw error;
  }
}
