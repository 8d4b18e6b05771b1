import { formatAddress } from '../link/address';
import { SwitchError } from '../errors';
import type { CommandOptions, NodeOptions } from '../options';
import type { Bench } from '../switch/context';
import { runCommand, type CommandResult } from './run';

/** What a hook is told of the move. Absent: not known yet. */
export interface MoveFacts {
  readonly id: string;
  readonly kind: 'switch' | 'failover';
  readonly from: string | null;
  readonly to: string | null;
  readonly by: string;
  readonly result?: string;
}

const LINES = 3;

/** Before a switch or failover, once both nodes are known and before anything is held. Rejects with HOOK. */
export async function before(bench: Bench, facts: MoveFacts): Promise<string> {
  return orThrow('HOOK', await run(bench, 'before', bench.pool.hooks.before, facts));
}

/** After it, whatever came of it, as soon as clients are let go. Rejects with HOOK. */
export async function after(bench: Bench, facts: MoveFacts): Promise<string> {
  return orThrow('HOOK', await run(bench, 'after', bench.pool.hooks.after, facts));
}

/** Switches off a node that can't be fenced by SQL. Rejects with FENCE_FAILED: then it must be taken to be alive. */
export async function stonith(bench: Bench, facts: MoveFacts): Promise<string> {
  return orThrow('FENCE_FAILED', await run(bench, 'stonith', bench.pool.hooks.stonith, facts));
}

function orThrow(code: string, { ok, told, output }: CommandResult): string {
  if (ok) {
    return told;
  }
  const said = output.split('\n').slice(-LINES).join(' / ');
  throw new SwitchError(code, said === '' ? told : `${told}: ${said}`);
}

async function run(
  { pool, clock, log }: Bench,
  event: string,
  command: CommandOptions | null,
  facts: MoveFacts,
): Promise<CommandResult> {
  if (command === null) {
    return { ok: true, told: 'there is none', output: '' };
  }
  const placeOf = (name: string | null) => pool.nodes.find((node) => node.name === name);
  const result = await runCommand(
    command,
    {
      event,
      pool: pool.name,
      ...facts,
      ...addresses('from', placeOf(facts.from)),
      ...addresses('to', placeOf(facts.to)),
    },
    clock,
  );
  log(result.ok ? 'info' : 'warn', `hook ${event}: ${result.told}`, {
    pool: pool.name,
    id: facts.id,
    output: result.output,
  });
  return result;
}

const addresses = (which: 'from' | 'to', node: NodeOptions | undefined): Record<string, unknown> =>
  node === undefined
    ? {}
    : { [`${which}Address`]: formatAddress(node), [`${which}Host`]: node.host, [`${which}Port`]: node.port };
