import { type CliResult, type MySwitch, until } from '@myswitch/testkit';

// The parts of the command line's JSON that are measured.

export interface FlightRecord {
  readonly id: string;
  readonly to: string | null;
  readonly result: 'switched' | 'refused' | 'rolled-back' | 'failed';
  readonly holdMs: number | null;
  readonly drainMs: number | null;
  readonly stallMs: { readonly p50: number | null; readonly p99: number | null; readonly max: number | null };
  readonly steps: readonly { readonly name: string; readonly ms: number }[];
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
}

interface Check {
  readonly answer: 'go' | 'refuse';
  readonly predictedHoldMs: number | null;
  readonly guardrails: readonly { readonly code: string; readonly ok: boolean; readonly message: string }[];
}

/** `myswitch check` until it says go. @returns the hold it predicts. @throws with the last refusal after half a minute */
export async function predictedHold(mySwitch: MySwitch, to: string): Promise<number | null> {
  let refused = '';
  try {
    const check = await until('go', async () => {
      const found = parsed(await mySwitch.cli('check', 'shop', '--to', to, '--json')) as Check;
      refused = found.guardrails.flatMap(({ ok, code, message }) => (ok ? [] : [`${code}: ${message}`])).join('\n');
      return found.answer === 'go' ? found : null;
    });
    return check.predictedHoldMs;
  } catch (error) {
    throw new Error(`no switch to ${to}: ${refused}`, { cause: error });
  }
}

export async function switchTo(mySwitch: MySwitch, to: string): Promise<FlightRecord> {
  return parsed(await mySwitch.cli('switch', 'shop', '--to', to, '--json')) as FlightRecord;
}

function parsed({ code, json, stdout, stderr }: CliResult): unknown {
  if (typeof json !== 'object' || json === null) throw new Error(`myswitch ended with ${code}\n${stdout}${stderr}`);
  return json;
}
