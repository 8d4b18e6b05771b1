import type { Setting } from '../ladder/override';

/** What an operator wants of a pool, or of a node of it, at once: switches and failovers are not among these. */
export type Order =
  /** A failed node was mended. */
  | { readonly kind: 'recover'; readonly node: string }
  /** The operator overrules what configuration and ladder say of a node. */
  | { readonly kind: 'set'; readonly node: string; readonly setting: Setting }
  | { readonly kind: 'release'; readonly node: string }
  /** Nothing moves the pool. */
  | { readonly kind: 'freeze'; readonly reason: string }
  | { readonly kind: 'unfreeze' }
  /** Every node is looked at now. */
  | { readonly kind: 'poll' }
  /** New work waits; null: as long as it may. */
  | { readonly kind: 'pause'; readonly forMs: number | null }
  | { readonly kind: 'resume' };
