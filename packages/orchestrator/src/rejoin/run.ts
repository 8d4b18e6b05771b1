import type { RejoinContext } from './context';

export interface Step {
  readonly name: string;
  /** Resolves with what it came to, for people. */
  run(context: RejoinContext): Promise<string>;
}

/** Times a step, and tells of it. */
export const run = (step: Step, context: RejoinContext): Promise<void> =>
  context.timeline.run(step.name, () => step.run(context));
