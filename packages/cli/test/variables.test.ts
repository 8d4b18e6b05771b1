import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadServerConfig } from '../src/config';

const EXAMPLE = join(__dirname, '../../../docs/myswitch.example.yaml');
const SCHEMA = join(__dirname, '../../../docs/myswitch.schema.json');

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** Names of all keys below a schema, those of a list's items too. */
function keysOf({ properties, items }: Schema): string[] {
  const own = Object.entries(properties ?? {}).flatMap(([key, below]) => {
    const more = keysOf(below);
    return more.length === 0 ? [key] : more.map((each) => `${key}.${each}`);
  });
  return [...own, ...(items === undefined ? [] : keysOf(items))];
}

/** Secrets, and what is told by name. */
const UNTOLD = /(^|\.)password(\.|$)|^pools\.(name|nodes\.name|users\.)|^pools\.tls\.|^pools\.nodes\.tls\./;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'myswitch-variables-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

const variables = (text: string): ReadonlyMap<string, string> => {
  const file = join(directory, 'myswitch.yaml');
  writeFileSync(file, text);
  return loadServerConfig(file, {}).variables;
};

const SMALL = `
admin: { password: hush }
pools:
  - name: shop
    listen: [unix:shop.sock, 127.0.0.1:13307]
    nodes:
      - { name: db1, address: 127.0.0.1:3316, type: primary }
      - { name: db2, address: 127.0.0.1:3326, weight: 0 }
    control: { user: myswitch, password: hush }
    users: [{ name: app, password: hush }]
    hooks: { before: { command: [./move, --token, hush] } }
    checkpoints: [{ place: edge, http: 'https://me:hush@192.0.2.1/alive?key=hush' }]
`;

test('every key of the schema has a variable', () => {
  expect(readFileSync(EXAMPLE, 'utf8')).toContain('pools:');
  const schema = JSON.parse(readFileSync(SCHEMA, 'utf8')) as Schema;
  const names = [...variables(SMALL).keys()].map((key) =>
    key.replace(/^shop\.nodes\.db\d/, 'pools.nodes').replace(/^shop\./, 'pools.'),
  );
  const keys = keysOf(schema).filter((key) => !UNTOLD.test(key));
  const missing = keys.filter((key) => !names.some((each) => each === key || key.startsWith(`${each}.`)));
  expect(keys.length).toBeGreaterThan(40);
  expect(missing).toEqual([]);
});

test('what is in force, and no secret', () => {
  const told = variables(SMALL);
  expect(JSON.stringify([...told])).not.toContain('hush');
  expect(Object.fromEntries(told)).toMatchObject({
    stateDir: join(directory, 'state'),
    'admin.listen': '127.0.0.1:6032',
    'shop.listen': `unix:${join(directory, 'shop.sock')},127.0.0.1:13307`,
    'shop.nodes': 'db1,db2',
    'shop.nodes.db2.weight': '0',
    'shop.nodes.db1.address': '127.0.0.1:3316',
    'shop.control.user': 'myswitch',
    'shop.users': 'app',
    'shop.switch.drain': '2s',
    'shop.hold.bytes': '67108864',
    'shop.hooks.before.command': './move',
    'shop.hooks.before.timeout': '5s',
    'shop.hooks.after': '',
    'shop.notify': '',
    'shop.tls': '',
    'shop.checkpoints': 'edge https://192.0.2.1',
  });
});
