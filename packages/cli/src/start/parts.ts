import type { ControlPlane, DataPlane, OrchestratorOptions } from '@myswitch/orchestrator';
import type { Log, ProxyOptions, RunningDataPlane } from '@myswitch/proxy';

interface OrchestratorHandle extends ControlPlane {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What `start` puts together; tests hand in their own. */
export interface Parts {
  startDataPlane(options: ProxyOptions, workers: number, log: Log): Promise<RunningDataPlane>;
  createOrchestrator(options: OrchestratorOptions, plane: DataPlane, log: Log): OrchestratorHandle;
}
