import type { Peers } from '../src/pool/peers';

/** For a pool that has nobody to ask. */
export const ALONE: Peers = {
  killSession: () => Promise.resolve('UNKNOWN'),
  takePermit: () => Promise.resolve(true),
  proved: () => undefined,
  givePermit: () => undefined,
};
