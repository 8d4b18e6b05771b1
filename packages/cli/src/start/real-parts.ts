import { Orchestrator, systemClock } from '@myswitch/orchestrator';
import { startDataPlane } from '@myswitch/proxy';
import type { Parts } from './parts';

/** The parts that are not a test's. */
export const realParts: Parts = {
  startDataPlane,
  createOrchestrator: (options, plane, log) => new Orchestrator({ options, plane, log, clock: systemClock }),
};
