import { parseArgs } from 'node:util';
import { KINDS, type Kind } from '@myswitch/testkit';

export class UsageError extends Error {}

/**
 * `--json`, `--kind KIND`, whole numbers by name, each with its default, and the `folders` by name.
 * @throws UsageError for anything else
 */
export function readArguments<Name extends string, Folder extends string = never>(
  args: readonly string[],
  numbers: Readonly<Record<Name, number>>,
  folders: readonly Folder[] = [],
): {
  readonly json: boolean;
  readonly kind: Kind | null;
  readonly numbers: Record<Name, number>;
  readonly folders: Partial<Record<Folder, string>>;
} {
  const options: Record<string, { type: 'string' | 'boolean' }> = {
    json: { type: 'boolean' },
    kind: { type: 'string' },
  };
  for (const name of [...Object.keys(numbers), ...folders]) options[name] = { type: 'string' };
  const values = parse(args, options);
  const found: Record<Name, number> = { ...numbers };
  for (const name of Object.keys(numbers) as Name[]) {
    const text = values[name];
    if (text === undefined) continue;
    if (!/^[1-9]\d{0,5}$/.test(String(text))) throw new UsageError(`--${name} takes a whole number, not ${text}`);
    found[name] = Number(text);
  }
  const given: Partial<Record<Folder, string>> = {};
  for (const name of folders) if (values[name] !== undefined) given[name] = String(values[name]);
  const kind = KINDS.find((name) => name === values['kind']) ?? null;
  if (kind === null && values['kind'] !== undefined) throw new UsageError(`--kind takes ${KINDS.join(' or ')}`);
  return { json: values['json'] === true, kind, numbers: found, folders: given };
}

function parse(args: readonly string[], options: Record<string, { type: 'string' | 'boolean' }>) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
