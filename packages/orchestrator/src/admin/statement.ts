import type { Setting } from '../ladder/override';
import type { Order } from '../operate/order';
import type { FailoverRequest, RejoinRequest, SwitchRequest } from '../report';

/** A parsed statement. */
export type Statement =
  | { readonly kind: 'show'; readonly what: ShowKind }
  | { readonly kind: 'show-variables'; readonly like: string | null }
  | { readonly kind: 'show-switches'; readonly pool: string | null }
  | { readonly kind: 'show-switch'; readonly id: string }
  | { readonly kind: 'check' | 'switch'; readonly pool: string; readonly options: SwitchOptions }
  | { readonly kind: MoveBack; readonly pool: string; readonly options: SwitchOptions }
  | { readonly kind: 'show-checkpoints'; readonly pool: string | null }
  | {
      readonly kind: 'rejoin';
      readonly node: string;
      readonly pool: string | null;
      readonly rebuild: NonNullable<RejoinRequest['rebuild']> | null;
    }
  | { readonly kind: 'failover' | 'check-failover'; readonly pool: string; readonly options: FailoverOptions }
  | { readonly kind: 'show-events'; readonly pool: string | null }
  /** `pool` is null where the node's name tells it. */
  | { readonly kind: 'order'; readonly pool: string | null; readonly order: Exclude<Order, { kind: 'poll' }> }
  | { readonly kind: 'poll'; readonly pool: string }
  | { readonly kind: 'report'; readonly node: string; readonly pool: string | null }
  | { readonly kind: 'is-up'; readonly node: string; readonly pool: string | null; readonly mode: 'rw' | 'ro' }
  | { readonly kind: 'mpp-set'; readonly address: string; readonly setting: Setting }
  | { readonly kind: 'mpp-show' }
  | { readonly kind: 'kill'; readonly what: 'query' | 'connection'; readonly id: number }
  | { readonly kind: 'select'; readonly items: readonly SelectItem[] }
  | { readonly kind: 'use'; readonly schema: string }
  /** what clients send on connect and what means nothing here: SET, COMMIT … */
  | { readonly kind: 'no-effect' };

/** Switches whose node is known without being named. */
export type MoveBack = 'switchback' | 'activate-primary';
export type SwitchOptions = Omit<SwitchRequest, 'by'>;
export type FailoverOptions = Omit<FailoverRequest, 'by'>;

export type ShowKind =
  'pools' | 'nodes' | 'sessions' | 'pins' | 'queues' | 'backends' | 'databases' | 'tables' | 'warnings';

export interface SelectItem {
  /** name of the column: the alias, else the text of the expression */
  readonly name: string;
  readonly kind: 'variable' | 'function' | 'literal';
  /** variable or function in lower case; the literal itself */
  readonly value: string;
}
