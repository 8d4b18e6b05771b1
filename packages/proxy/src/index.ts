export * from './options';
export { startDataPlane } from './plane/data-plane';
export type { RunningDataPlane } from './plane/data-plane';
export { Pin } from './session/pins';
export type { AccountRow, RefusedAccount } from './plane/types';
export type { Log } from './errors';
