export * from './admin';
export { systemClock, type Clock } from './clock';
export * from './data-plane';
export { OrchestratorError } from './errors';
export * from './options';
export { Orchestrator, type OrchestratorParts } from './orchestrator';
export * from './report';
export type { AtStep, Log } from './switch/context';
