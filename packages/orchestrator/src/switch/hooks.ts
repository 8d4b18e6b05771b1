import { after, before, type MoveFacts } from '../hooks/hooks';
import type { SwitchResult } from '../report';
import type { SwitchContext } from './context';
import type { Step } from './step';

const factsOf = ({ id, from, to, plan }: SwitchContext): MoveFacts => ({
  id,
  kind: 'switch',
  from: from.link.name,
  to: to.link.name,
  by: plan.by,
});

/** The operator's command may refuse the switch. */
export const beforeHook: Step = {
  name: 'before',
  run: (context) => before(context.bench, factsOf(context)),
};

/** Told what came of the switch. */
export const afterHook = (result: SwitchResult): Step => ({
  name: 'after',
  run: (context) => after(context.bench, { ...factsOf(context), result }),
});
