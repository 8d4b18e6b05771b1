import type { ProxyOptions } from '../options';

/**
 * One worker's part of limits that hold for all workers together. Connections are dealt out in turn, so equal parts fit;
 * the first workers get what does not divide.
 */
export function shareFor(options: ProxyOptions, index: number, workers: number): ProxyOptions {
  const part = (whole: number): number => Math.floor(whole / workers) + (index < whole % workers ? 1 : 0);
  return {
    pools: options.pools.map((pool) => ({
      ...pool,
      maxClients: Math.max(1, part(pool.maxClients)),
      hold: { ...pool.hold, clients: Math.max(1, part(pool.hold.clients)), bytes: Math.max(1, part(pool.hold.bytes)) },
      backend: { min: part(pool.backend.min), max: Math.max(1, part(pool.backend.max)) },
    })),
  };
}
