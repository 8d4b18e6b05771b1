import { type CliResult, type MySwitch, until } from '@myswitch/testkit';

// The parts of the command line's JSON that are measured.

export interface FailoverRecord {
  readonly id: string;
  readonly kind: string;
  readonly startedAt: string;
  readonly result: 'switched' | 'refused' | 'rolled-back' | 'failed';
  readonly holdMs: number | null;
  readonly steps: readonly { readonly name: string; readonly ms: number }[];
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

interface Node {
  readonly name: string;
  readonly state: string;
  readonly status: string;
  readonly lastPoll: string | null;
  readonly message: string | null;
}

interface Pool {
  readonly active: string | null;
  readonly gate: string;
  readonly nodes: readonly Node[];
}

/** From the death of the ACTIVE to the decision, as `config explain` says it. */
export async function expectedMs(mySwitch: MySwitch): Promise<number> {
  const explained = parsed(await mySwitch.cli('config', 'explain', '--json')) as readonly [
    { timeToFailoverMs: number },
  ];
  return explained[0].timeToFailoverMs;
}

/** Once one node is ACTIVE and all others stand by. @returns its name, and when it was polled last (ms since 1970) */
export async function wellPool(mySwitch: MySwitch): Promise<{ readonly active: string; readonly polledAt: number }> {
  let found: unknown = null;
  try {
    return await until('a pool in which all is well', async () => {
      const { pools } = parsed(await mySwitch.cli('status', 'shop', '--json')) as { pools: readonly [Pool] };
      const [pool] = pools;
      found = pool;
      const well = pool.gate === 'OPEN' && pool.nodes.every(({ status, state }) => status === 'OK' && stands(state));
      const active = pool.nodes.find(({ state }) => state === 'ACTIVE');
      if (!well || active === undefined || active.lastPoll === null) return null;
      return { active: active.name, polledAt: Date.parse(active.lastPoll) };
    });
  } catch (error) {
    throw new Error(`the pool is not well: ${JSON.stringify(found)}`, { cause: error });
  }
}

const stands = (state: string): boolean => state === 'ACTIVE' || state === 'STANDBY';

/** The failover that began after `since` (ms since 1970), once it is on record. */
export function failoverAfter(mySwitch: MySwitch, since: number): Promise<FailoverRecord> {
  return until('a failover on record', async () => {
    const records = parsed(await mySwitch.cli('history', 'shop', '--json')) as readonly FailoverRecord[];
    return records.find(({ kind, startedAt }) => kind === 'failover' && Date.parse(startedAt) >= since) ?? null;
  });
}

/** It follows the new primary. @throws with what MySwitch says when it does not */
export async function rejoin(mySwitch: MySwitch, node: string): Promise<void> {
  const { code, stdout, stderr } = await mySwitch.cli('rejoin', node, '--yes');
  if (code !== 0) throw new Error(`${node} does not rejoin: ${stdout}${stderr}`);
}

function parsed({ code, json, stdout, stderr }: CliResult): unknown {
  if (typeof json !== 'object' || json === null) throw new Error(`myswitch ended with ${code}\n${stdout}${stderr}`);
  return json;
}
