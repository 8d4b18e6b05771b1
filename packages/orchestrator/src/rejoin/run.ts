import type { RejoinContext } from './context';

export interface Step {
  readonly name: string;
  /** Resolves with what it came to, for people. */
  run(context: RejoinContext): Promise<string>;
}

/** Times a step, and tells of it. */
export async function run(step: Step, context: RejoinContext): Promise<void> {
  const { name } = step;
  const { atStep } = context.desk.bench;
  await context.timeline.run(name, async () => {
    await atStep(name, 'before');
    const detail = await step.run(context);
    await atStep(name, 'after');
    return detail;
  });
}
