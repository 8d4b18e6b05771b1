import type { Deadline } from '../clock';
import type { SwitchContext } from './context';

/** One step of a switch. `undo` is called when the step has begun, whether it ended or failed, and must bear both. */
export interface Step {
  readonly name: string;
  /** Resolves with a detail for the operator. */
  run(context: SwitchContext): Promise<string>;
  undo?(context: SwitchContext, deadline: Deadline): Promise<void>;
}
