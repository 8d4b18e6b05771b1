import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AnswerState, systemClock, type Discovery } from '@myswitch/orchestrator';
import { discoverWith, WALK_LIMITS } from '../../orchestrator/src/discovery/discover';
import { MOVES } from '../../orchestrator/src/ladder/moves';
import { parse as parseStatement } from '../../orchestrator/src/admin/grammar';
import { Phase } from '../../orchestrator/src/state/journal';
import { at, fake, World } from '../../orchestrator/test/support/world';
import { BackendState } from '../../proxy/src/backend/backend';
import { GateState } from '../../proxy/src/pool/gate';
import { SessionPhase } from '../../proxy/src/session/phase';
import { parse } from 'yaml';
import { COMMANDS } from '../src/commands';
import { configJsonSchema, loadServerConfig } from '../src/config';
import { ExitCode } from '../src/exit-codes';

const ROOT = join(__dirname, '../../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly default?: unknown;
}

/** Each key with its path, such as pools.nodes.name; what is in a list has the list's name. */
function keysOf(schema: Schema, path: readonly string[] = []): [key: string, standard: unknown][] {
  const inner = schema.items?.properties === undefined ? schema : schema.items;
  if (inner.properties === undefined) return [[path.join('.'), schema.default]];
  return Object.entries(inner.properties).flatMap(([name, value]) => keysOf(value, [...path, name]));
}

/** What the example says for a key, wherever it says it first. */
function valueIn(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value;
  if (Array.isArray(value)) {
    return value.map((item: unknown) => valueIn(item, [name, ...rest])).find((found) => found !== undefined);
  }
  return typeof value === 'object' && value !== null
    ? valueIn((value as Record<string, unknown>)[name], rest)
    : undefined;
}

describe('docs/myswitch.example.yaml', () => {
  const example: unknown = parse(read('docs/myswitch.example.yaml'));
  const keys = keysOf(configJsonSchema() as Schema);

  test.each(keys)('has %s', (key) => {
    expect(valueIn(example, key.split('.'))).toBeDefined();
  });

  // Of the two nodes the first shows the other value.
  test.each(keys.filter(([key, standard]) => standard !== undefined && key !== 'pools.nodes.type'))(
    'shows the default of %s',
    (key, standard) => expect(valueIn(example, key.split('.'))).toEqual(standard),
  );

  test('is explained, key by key, in docs/configuration.md', () => {
    const text = read('docs/configuration.md');
    const names = new Set(keys.map(([key]) => key.split('.').at(-1) ?? ''));
    // accounts are shown whole
    expect([...names].filter((name) => !/^(user|password)$/.test(name) && !text.includes(name))).toEqual([]);
  });

  test('loads', () => {
    const folder = mkdtempSync(join(tmpdir(), 'myswitch-docs-'));
    try {
      writeFileSync(join(folder, 'myswitch.yaml'), read('docs/myswitch.example.yaml'));
      for (const sub of ['certs', 'secrets']) mkdirSync(join(folder, sub));
      for (const name of ['myswitch.pem', 'myswitch-key.pem', 'ca.pem', 'client.pem', 'client-key.pem']) {
        writeFileSync(join(folder, 'certs', name), 'PEM');
      }
      for (const name of ['control', 'replication', 'app'])
        writeFileSync(join(folder, 'secrets', name), `${name}-secret\n`);
      const config = loadServerConfig(join(folder, 'myswitch.yaml'), { MYSWITCH_ADMIN_PASSWORD: 'secret' });
      expect(config.orchestrator.pools[0]?.control).toEqual({ user: 'myswitch', password: 'control-secret' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('README.md', () => {
  const readme = read('README.md');

  test('its configuration loads', () => {
    const folder = mkdtempSync(join(tmpdir(), 'myswitch-docs-'));
    try {
      const file = join(folder, 'myswitch.yaml');
      writeFileSync(file, /```yaml\n([^`]*)```/.exec(readme)?.[1] ?? '');
      expect(loadServerConfig(file, { MYSWITCH_ADMIN_PASSWORD: 'secret' }).proxy.pools[0]?.name).toBe('shop');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('its commands exist', () => {
    const names = [...readme.matchAll(/^npx myswitch (\w+)/gm)].map(([, name]) => name ?? '');
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !(name in COMMANDS))).toEqual([]);
  });

  test('its exit codes are all that there are', () => {
    const line = /Exit codes: ([^.]*)\./.exec(readme)?.[1] ?? '';
    const codes = [...line.matchAll(/\b(\d) /g)].map(([, code]) => Number(code));
    expect(codes).toEqual(Object.values(ExitCode));
  });
});

describe('docs/commands.md', () => {
  const text = read('docs/commands.md');

  test('has every command', () => {
    const names = Object.keys(COMMANDS).map((id) => id.replace(':', ' '));
    expect(
      names.filter((name) => !text.includes(`\`myswitch ${name} `) && !text.includes(`\`myswitch ${name}\``)),
    ).toEqual([]);
  });

  test('its statements are those of the admin port', () => {
    const inTable = [...text.matchAll(/^\|[^|]*myswitch[^|]*\|([^|]*)\|/gm)].flatMap(([, cell]) =>
      [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, sql]) => sql ?? ''),
    );
    const alone = (/```sql\n([^`]*)```/.exec(text)?.[1] ?? '').trim().split('\n');
    const kinds = [...inTable, ...alone].map((sql) => parseStatement(sql).kind);
    expect(kinds.length).toBeGreaterThan(25);
    expect(kinds).not.toContain('no-effect');
  });
});

describe('docs/architecture.md', () => {
  const text = read('docs/architecture.md');

  test.each<[string, object]>([
    ['state of the gate', GateState],
    ['phase of a session', SessionPhase],
    ['state of a backend', BackendState],
    ['phase of the journal', Phase],
  ])('names every %s', (_what, names) => {
    expect(Object.values(names).filter((name) => !text.includes(`\`${String(name)}\``))).toEqual([]);
  });

  test('names every step of the switch', () => {
    const names = readdirSync(join(ROOT, 'packages/orchestrator/src/switch')).flatMap((file) =>
      [...read(join('packages/orchestrator/src/switch', file)).matchAll(/^ {2}name: '([a-z-]+)'/gm)].map(
        ([, name]) => name ?? '',
      ),
    );
    expect(names.length).toBeGreaterThan(9);
    expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('docs/discovery.md', () => {
  const text = read('docs/discovery.md');

  test('explains every code', () => {
    const source = read('packages/orchestrator/src/discovery/problems.ts');
    const codes = [...source.matchAll(/'([A-Z][A-Z_]+)'/g)].map(([, code]) => code ?? '');
    expect(codes.length).toBeGreaterThan(15);
    expect([...codes, ...Object.values(AnswerState)].filter((code) => !text.includes(code))).toEqual([]);
  });

  test('shows the document as it is', async () => {
    const shown = JSON.parse(/```json\n([^`]*)```/.exec(text)?.[1] ?? '{}') as Discovery;
    const world = new World([fake(1), fake(2, [1], { readOnly: false })]);
    const questions = { ask: world.ask, lacking: () => Promise.resolve('') };
    const found = await discoverWith(at(2), questions, WALK_LIMITS, systemClock);
    const keys = (value: object | undefined): string[] => Object.keys(value ?? {});
    const [theirs, ours] = [shown.nodes[0], found.nodes[1]];
    expect(keys(shown)).toEqual(keys(found));
    expect(keys(theirs)).toEqual(keys(ours));
    expect(keys(theirs?.sources[0])).toEqual(keys(ours?.sources[0]));
    expect(theirs?.problems).toEqual(ours?.problems);
  });
});

test('docs/ladder.md has the table of moves as it is in the code', () => {
  const rows = MOVES.map(({ from, move, to, note }) => `| ${from} | ${move} | ${to} | ${note ?? ''} |`);
  const words = (line: string): string => line.replaceAll('`', '').replaceAll(/\s+/g, ' ').trim();
  const shown = read('docs/ladder.md')
    .split('\n')
    .filter((line) => /^\| `?(UNKNOWN|STANDBY|ACTIVE|FAILED_)/.test(line));
  expect(shown.map(words)).toEqual(rows.map(words));
});

test('links between the documents lead somewhere', () => {
  const files = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].concat(
    readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name)),
  );
  const broken = files.flatMap((file) =>
    [...read(file).matchAll(/\]\(([^)#:]+)\)/g)]
      .map(([, target]) => join(dirname(file), target ?? ''))
      .filter((target) => !existsSync(join(ROOT, target)))
      .map((target) => `${file}: ${target}`),
  );
  expect(broken).toEqual([]);
});
