import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kind } from '@myswitch/testkit';

/** What long tests found out last, committed: `docs/compatibility.md` is made of it. A file for each group and kind. */
const FOLDER = join(__dirname, '../../compatibility');

export type Group = 'drivers' | 'tools';

/**
 * `same`: as straight to the server, also through a switch between every two phases; `explained`: but for what is known and
 * stays (metadata); `pinned: REASON`: the same, and the switch has to wait; `fails`: straight to the server too;
 * `unsupported`: the driver has no such thing.
 */
export type Outcome = 'same' | 'explained' | 'differs' | 'fails' | 'unsupported' | `pinned: ${string}`;

/** Of one driver or tool, with one kind of server. */
export interface Result {
  /** Of the driver; null: it does not tell. */
  readonly version: string | null;
  /** Version of the server, such as `10.11.19`. */
  readonly server: string;
  /** By what was asked of it, in that order. */
  readonly outcomes: Readonly<Record<string, Outcome>>;
}

/** By name. */
export type Results = Readonly<Record<string, Result>>;

const fileOf = (group: Group, kind: Kind): string => join(FOLDER, `${group}.${kind}.json`);

/** What was found last; nothing was: no entries. */
export function readResults(group: Group, kind: Kind): Results {
  const file = fileOf(group, kind);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : {};
}

/**
 * Keeps them, in place of what was known of the same drivers, when `MYSWITCH_COMPATIBILITY` is set. `order`: all names that
 * there are; entries of others go.
 */
export function keepResults(group: Group, kind: Kind, found: Results, order: readonly string[]): void {
  if (process.env['MYSWITCH_COMPATIBILITY'] === undefined) return;
  const all = { ...readResults(group, kind), ...found };
  const kept = order.flatMap((name): [string, Result][] => (all[name] === undefined ? [] : [[name, all[name]]]));
  writeFileSync(fileOf(group, kind), `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`);
}

/** Of the package in `node_modules`. */
export function packageVersion(name: string): string {
  const folder = join(__dirname, '../../../node_modules', name);
  if (!readdirSync(folder).includes('package.json')) throw new Error(`${name} is not installed`);
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}
