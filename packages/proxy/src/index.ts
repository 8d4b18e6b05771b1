export * from './options';
export { offeredBy, variantOf } from './capabilities';
export { startDataPlane } from './plane/data-plane';
export type { RunningDataPlane } from './plane/data-plane';
export type { AccountRow, RefusedAccount } from './plane/types';
export type { Log } from './errors';
export { Pin, WeakPin } from './session/pins';
