import type { DataPlane } from '../data-plane';
import type { ControlPlane } from '../report';
import { codedError } from './errors';

/** What every statement may use: one for the whole port. */
export interface AdminContext {
  readonly control: ControlPlane;
  readonly plane: Pick<DataPlane, 'stats' | 'blocking' | 'sessions' | 'backends'>;
  /** Names of the pools, in the order of the configuration. */
  readonly pools: readonly string[];
  /** Rows of SHOW VARIABLES; no secrets. */
  readonly variables: ReadonlyMap<string, string>;
  /** Ends the statement that another connection runs, or that connection; false: there is no such connection. */
  readonly kill: (what: 'query' | 'connection', id: number, by: string) => boolean;
}

/** The connection that a statement came by. */
export interface AdminSession {
  readonly id: number;
  readonly user: string;
  /** user and client address, as records name it */
  readonly by: string;
  schema: string | null;
}

/** @throws AdminError UNKNOWN_POOL */
export function requirePool(context: AdminContext, pool: string): void {
  if (!context.pools.includes(pool)) {
    throw codedError('UNKNOWN_POOL', `there is no pool "${pool}"; the pools are ${context.pools.join(', ')}`);
  }
}
