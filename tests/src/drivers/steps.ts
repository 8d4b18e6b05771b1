import { CONNECTION_STEPS } from './connection-steps';
import { STATEMENT_STEPS } from './statement-steps';
import type { Step } from './step';

/** The job that every driver does. */
export const STEPS: readonly Step[] = [...STATEMENT_STEPS, ...CONNECTION_STEPS];
