export * from './options';
export { startDataPlane } from './plane/data-plane';
export type { RunningDataPlane } from './plane/data-plane';
export type { Log } from './errors';
