import type { Kind } from '@myswitch/testkit';
import type { Pattern } from '../differential/judge';
import { Way } from '../differential/ground';
import { page, table } from './markdown';
import { PINS, WEAK_PINS } from './pins';
import { agreements, COMMANDS } from './protocol';
import type { Group, Outcome, Result, Results } from './results';

const KINDS: Readonly<Record<Kind, string>> = { mariadb: 'MariaDB', mysql: 'MySQL' };

export interface Findings {
  readonly measured: Readonly<Record<Group, Readonly<Record<Kind, Results>>>>;
  readonly explained: readonly Explained[];
}

/** A difference that stays. */
type Explained = Pick<Pattern, 'name' | 'why' | 'kind' | 'way'>;

/** `docs/compatibility.md`: nothing in it but what the tests found, and what the code has in its tables. */
export function compatibilityPage({ measured, explained }: Findings): string {
  return page(
    '# Compatibility',
    'What works through MySwitch, what keeps a session where it is, what differs and why. The tests write this page: `npm run docs:compatibility`.',
    '## Drivers',
    `Every driver does the same job straight to a server, through MySwitch, and through MySwitch with a switch before every phase of it.
Values, types, counts, warnings and errors have to be the same each time, but for [what differs](#what-differs-and-why). Each cell is how many of the
job’s steps are, of those that the driver has and that work straight to the server.`,
    driverTable(measured.drivers),
    ...notes(measured.drivers),
    `The steps: ${[...stepsOf(measured.drivers)].join(', ')}.`,
    '## Tools',
    'The pool is switched while they run.',
    toolTable(measured.tools),
    '## What pins a session',
    `A session moves between two of its statements. These keep it where it is; \`check\` names them, and a switch waits for their end or is refused
(\`--on-busy kill\` ends them). So does an open transaction in which something was done. A connection is reset by COM_RESET_CONNECTION or COM_CHANGE_USER:
connection pools of applications do that when they hand a connection on.`,
    table(
      ['pin', 'by', 'until'],
      Object.entries(PINS).map(([pin, { by, until }]) => [`\`${pin}\``, by, until]),
    ),
    'Weak pins keep the connection to the server for the next statement only. A switch ends them; who then asks is told (1105), never wrong.',
    table(
      ['weak pin', 'by', 'until'],
      Object.entries(WEAK_PINS).map(([pin, { by, until }]) => [`\`${pin}\``, by, until]),
    ),
    '## What differs, and why',
    `Hundreds of commands of all sorts are sent straight to a server, through MySwitch, and with a move to another server between every two of them; the
replies are compared byte by byte. These differences are left, all others are mistakes. "After a move": only when the session
went to another server between two statements.`,
    table(['what', 'where', 'why'], differences(explained)),
    '## Commands of the protocol',
    table(['command', 'is', 'remark'], commands()),
    '## Capabilities',
    table(
      ['a client is', 'capabilities'],
      Object.entries(agreements()).map(([how, names]) => [
        AGREEMENTS[how as keyof typeof AGREEMENTS],
        names.join(', '),
      ]),
    ),
    'Servers offer what they have; what the pool’s ACTIVE node does not offer no client is offered. Why it is so: [decision 10](decisions/0010-capabilities.md).',
  );
}

const AGREEMENTS = Object.freeze({
  passed: 'offered, and what it agrees on holds for its connections to servers too',
  translated: 'offered, between client and MySwitch alone (SSL: pools with `tls`; zstd: Node.js 22.15)',
  'not offered': 'not offered',
});

const HANDLED = Object.freeze({
  passed: 'passed on',
  here: 'answered here',
  refused: 'refused',
  unknown: 'unknown, as to servers (1047)',
});

function commands(): string[][] {
  const names = Object.entries(COMMANDS);
  const known = names.filter(([, { how }]) => how !== 'unknown');
  const unknown = names.filter(([, { how }]) => how === 'unknown').map(([name]) => `COM_${name}`);
  return [
    ...known.map(([name, { how, note }]) => [`COM_${name}`, HANDLED[how], note ?? '']),
    [unknown.join(', '), HANDLED.unknown, ''],
  ];
}

function driverTable(results: Readonly<Record<Kind, Results>>): string {
  const names = new Set(Object.values(results).flatMap((one) => Object.keys(one)));
  const rows = [...names].map((name) => {
    const version = Object.values(results).find((one) => one[name] !== undefined)?.[name]?.version;
    return [name, version ?? ''].concat(kinds().map((kind) => cell(results[kind][name])));
  });
  return table(['driver', 'version', ...kinds().map((kind) => heading(kind, results[kind]))], rows);
}

function toolTable(results: Readonly<Record<Kind, Results>>): string {
  const rows = kinds().flatMap((kind) =>
    Object.entries(results[kind]).flatMap(([name, { version, server, outcomes }]) =>
      Object.entries(outcomes).map(([step, outcome]) => [
        `${name} ${version ?? ''}`.trim(),
        `${KINDS[kind]} ${server}`,
        step,
        wordFor(outcome) ?? 'works',
      ]),
    ),
  );
  return table(['tool', 'with', 'does', 'is'], rows);
}

const kinds = (): Kind[] => Object.keys(KINDS) as Kind[];

const heading = (kind: Kind, results: Results): string =>
  [KINDS[kind], [...new Set(Object.values(results).map(({ server }) => server))].join(', ')].join(' ').trim();

/** The kinds of outcome that a driver is judged by. */
const JUDGED = (outcome: Outcome): boolean => outcome !== 'unsupported' && outcome !== 'fails';
const isSame = (outcome: Outcome): boolean => JUDGED(outcome) && outcome !== 'differs';

function cell(result: Result | undefined): string {
  if (result === undefined) return 'not run';
  const judged = Object.values(result.outcomes).filter(JUDGED);
  if (judged.length === 0) return 'can’t log in to it';
  return `${judged.filter(isSame).length} of ${judged.length}`;
}

function stepsOf(results: Readonly<Record<Kind, Results>>): Set<string> {
  const all = Object.values(results).flatMap((one) => Object.values(one));
  return new Set(all.flatMap(({ outcomes }) => Object.keys(outcomes)));
}

const WORDS: Readonly<Record<Exclude<Outcome, `pinned: ${string}`>, string | null>> = {
  same: null,
  unsupported: null,
  differs: 'differs',
  explained: null,
  fails: 'fails, straight to the server too',
};

/** null: there is nothing to say about it. */
function wordFor(outcome: Outcome): string | null {
  if (!outcome.startsWith('pinned: ')) return WORDS[outcome as keyof typeof WORDS];
  return `works, and pins the session: ${outcome.slice('pinned: '.length)}`;
}

/** What is not simply the same: step, outcome, drivers. */
function notes(results: Readonly<Record<Kind, Results>>): string[] {
  const found = new Map<string, Map<string, Kind[]>>();
  for (const kind of kinds()) {
    for (const [name, { outcomes }] of Object.entries(results[kind])) {
      for (const [step, outcome] of Object.entries(outcomes)) {
        const word = wordFor(outcome);
        if (word === null) continue;
        const key = `${step}\n${word}`;
        const names = found.get(key) ?? new Map<string, Kind[]>();
        found.set(key, names.set(name, [...(names.get(name) ?? []), kind]));
      }
    }
  }
  if (found.size === 0) return [];
  const all = new Set(Object.values(results).flatMap((one) => Object.keys(one))).size;
  const rows = [...found].map(([key, names]) => key.split('\n').concat(namesOf(names, all)));
  return [table(['step', 'is', 'for'], rows)];
}

/** Drivers, with the kind of server where it is not both. `all`: how many drivers there are. */
function namesOf(names: ReadonlyMap<string, readonly Kind[]>, all: number): string {
  const everywhere = [...names.values()].every((found) => found.length === kinds().length);
  if (everywhere && names.size === all) return 'all';
  const texts = [...names].map(([name, found]) =>
    found.length === kinds().length ? name : `${name} with ${found.map((kind) => KINDS[kind]).join(', ')}`,
  );
  return texts.join(', ');
}

function differences(explained: readonly Explained[]): string[][] {
  const rows = explained.map(({ name, why, kind, way }) => {
    const where = [kind === undefined ? 'both' : KINDS[kind], ...(way === Way.MOVED ? ['after a move'] : [])];
    return [name, where.join(', '), why];
  });
  return rows.filter((row, i) => rows.findIndex((one) => one.join('\n') === row.join('\n')) === i);
}
