import { type CliResult, type MySwitch, until } from '@myswitch/testkit';

// The parts of the command line's JSON that the demo reads.

interface FlightRecord {
  readonly result: 'switched' | 'refused' | 'rolled-back' | 'failed';
  readonly holdMs: number | null;
  readonly moved: number;
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
}

interface Status {
  readonly pools: readonly {
    readonly active: string | null;
    readonly nodes: readonly { readonly name: string; readonly readOnly: boolean | null }[];
  }[];
}

interface Check {
  readonly answer: 'go' | 'refuse';
  readonly guardrails: readonly { readonly code: string; readonly ok: boolean; readonly message: string }[];
}

/** A switch as it went, with the lines that the command printed. */
export interface SwitchRun {
  readonly holdMs: number | null;
  readonly moved: number;
  readonly steps: readonly string[];
}

/** `npx myswitch switch shop --to NODE`. @throws Error with the reasons when the applications were not moved */
export async function switchTo(mySwitch: MySwitch, to: string): Promise<SwitchRun> {
  const result = await mySwitch.cli('switch', 'shop', '--to', to, '--json');
  const record = parsed(result) as FlightRecord;
  if (record.result !== 'switched') {
    const reasons = record.reasons.map(({ code, message }) => `${code}: ${message}`);
    throw new Error(`the switch to ${to} was ${record.result}\n${reasons.join('\n')}\n${result.stderr}`);
  }
  const steps = result.stderr.split('\n').filter((line) => line.trim() !== '');
  return { holdMs: record.holdMs, moved: record.moved, steps };
}

/** Which node the applications are on now. */
export async function activeNode(mySwitch: MySwitch): Promise<string | null> {
  const { pools } = parsed(await mySwitch.cli('status', 'shop', '--json')) as Status;
  return pools[0]?.active ?? null;
}

export async function isReadOnly(mySwitch: MySwitch, name: string): Promise<boolean> {
  const { pools } = parsed(await mySwitch.cli('status', 'shop', '--json')) as Status;
  return pools[0]?.nodes.find((node) => node.name === name)?.readOnly === true;
}

/** Resolves when every guardrail lets the pool go to `to`; throws the last refusal after half a minute. */
export async function fitFor(mySwitch: MySwitch, to: string): Promise<void> {
  let refused = 'nothing';
  try {
    await until('fit', async () => {
      const { answer, guardrails } = parsed(await mySwitch.cli('check', 'shop', '--to', to, '--json')) as Check;
      refused = guardrails.flatMap(({ ok, code, message }) => (ok ? [] : [`${code}: ${message}`])).join('\n');
      return answer === 'go' ? true : null;
    });
  } catch (error) {
    throw new Error(`${to} did not become fit to take over\n${refused}`, { cause: error });
  }
}

function parsed({ code, json, stdout, stderr }: CliResult): unknown {
  if (typeof json !== 'object' || json === null) throw new Error(`myswitch ended with ${code}\n${stdout}${stderr}`);
  return json;
}
