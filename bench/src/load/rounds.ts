import { cpuMicroseconds } from './cpu';
import type { Peer } from './peers';
import { type Load, type LoadResult, PROTOCOLS, type Protocol, type Sysbench, TESTS, type Test } from './sysbench';

export interface Sample extends LoadResult {
  readonly test: Test;
  readonly protocol: Protocol;
  readonly peer: string;
  /** CPU time of the peer's processes; null for the server itself. */
  readonly cpuPerQuery: number | null;
}

/**
 * The peers take turns within each round, so that what else the machine does hits all of them alike. One short turn of each
 * before the first round does not count: it fills caches and lets the compiler see the code.
 */
export async function runRounds(
  sysbench: Sysbench,
  peers: readonly Peer[],
  { rounds, seconds, threads }: { readonly rounds: number; readonly seconds: number; readonly threads: number },
  progress: (line: string) => void,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const loads = TESTS.flatMap((test) => PROTOCOLS.map((protocol) => ({ test, protocol, threads, seconds })));
  for (const load of loads) {
    for (const peer of peers) await measure(sysbench, peer, { ...load, seconds: Math.min(2, seconds) });
    for (let round = 1; round <= rounds; round += 1) {
      for (const peer of peers) {
        const sample = await measure(sysbench, peer, load);
        samples.push(sample);
        const cpu = sample.cpuPerQuery === null ? '' : `, ${sample.cpuPerQuery.toFixed(1)} us CPU/query`;
        const rate = Math.round(sample.queriesPerSecond);
        progress(`${load.test} ${load.protocol} ${round}/${rounds} ${peer.name}: ${rate} queries/s${cpu}`);
      }
    }
  }
  return samples;
}

async function measure(sysbench: Sysbench, peer: Peer, load: Load): Promise<Sample> {
  const cpu = (): number => peer.pids.reduce((sum, pid) => sum + cpuMicroseconds(pid), 0);
  const before = cpu();
  const result = await sysbench.load(peer.port, load);
  const { test, protocol } = load;
  const cpuPerQuery = peer.pids.length === 0 ? null : (cpu() - before) / result.queries;
  return { ...result, test, protocol, peer: peer.name, cpuPerQuery };
}
