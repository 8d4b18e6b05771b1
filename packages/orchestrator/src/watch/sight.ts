import type { Observation } from '../dialects/dialect';
import type { Pulse } from './beats';

/** What a good poll comes to. */
export interface Sight {
  readonly observation: Observation;
  readonly pulse: Pulse;
  /** Other nodes that are the same server. */
  readonly twins: readonly string[];
}
