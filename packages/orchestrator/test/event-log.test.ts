import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventLog } from '../src/state/event-log';

const FILE_BYTES = 2000;
let folder: string;
let now = 0;
const clock = { now: () => now, monotonic: () => now, timer: () => () => undefined };
const lines: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'myswitch-events-'));
  lines.length = 0;
  now = Date.parse('2026-01-02T03:04:05.000Z');
});

afterEach(() => rmSync(folder, { recursive: true }));

const open = (): EventLog => new EventLog(folder, 'shop', clock, (_level, message) => lines.push(message), FILE_BYTES);
const event = (message: string) => ({ kind: 'ORDER', node: null, by: 'admin', message, facts: { n: 1 } }) as const;
const path = (): string => join(folder, 'shop.events.jsonl');
const messages = async (log: EventLog): Promise<string[]> => (await log.list()).map(({ message }) => message);

test('what was added is listed in its order, also by a later process', async () => {
  const log = open();
  log.add(event('one'));
  now += 1000;
  log.add(event('two'));
  expect(await log.list()).toEqual([
    { at: '2026-01-02T03:04:05.000Z', pool: 'shop', ...event('one') },
    { at: '2026-01-02T03:04:06.000Z', pool: 'shop', ...event('two') },
  ]);
  const later = open();
  later.add(event('three'));
  expect(await messages(later)).toEqual(['one', 'two', 'three']);
  expect(statSync(path()).mode & 0o777).toBe(0o600);
});

test('a file that others could read is so no longer', async () => {
  writeFileSync(path(), '', { mode: 0o644 });
  const log = open();
  log.add(event('one'));
  await log.settled();
  expect(statSync(path()).mode & 0o777).toBe(0o600);
});

test('nothing yet', async () => {
  expect(await open().list()).toEqual([]);
});

test('a torn last line is skipped, and the next event has a line of its own', async () => {
  const log = open();
  log.add(event('whole'));
  await log.settled();
  appendFileSync(path(), '{"at":"2026-01-02T03:0');
  const later = open();
  expect(await messages(later)).toEqual(['whole']);
  later.add(event('after'));
  expect(await messages(later)).toEqual(['whole', 'after']);
});

test.each(['null', '7', '{}', '"text"', '{"at":1,"kind":"ORDER"}'])(
  'a line that is no event is skipped: %s',
  async (line) => {
    writeFileSync(path(), `${line}\n`);
    expect(await open().list()).toEqual([]);
  },
);

test('two files, bounded; the oldest go', async () => {
  const log = open();
  for (let n = 0; n < 200; n += 1) {
    log.add(event(`event ${n}`));
    await log.settled();
  }
  const files = readdirSync(folder);
  expect(files.sort()).toEqual(['shop.events.1.jsonl', 'shop.events.jsonl']);
  for (const file of files) expect(statSync(join(folder, file)).size).toBeLessThanOrEqual(FILE_BYTES);
  const kept = await messages(log);
  expect(kept.at(-1)).toBe('event 199');
  expect(kept.length).toBeGreaterThan(10);
  expect(kept[0]).toBe(`event ${200 - kept.length}`);
});

test('a line break in a message tears nothing', async () => {
  const log = open();
  log.add(event('one\ntwo'));
  log.add(event('three'));
  expect(await messages(log)).toEqual(['one\ntwo', 'three']);
  expect(readFileSync(path(), 'utf8').split('\n')).toHaveLength(3);
});

test('a disk that takes nothing is told once, and stops nobody', async () => {
  rmSync(folder, { recursive: true });
  const log = open();
  log.add(event('one'));
  await log.settled();
  log.add(event('two'));
  await log.settled();
  expect(lines).toEqual(['events can not be written']);
  folder = mkdtempSync(join(tmpdir(), 'myswitch-events-'));
});
