import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal, Phase, type Operation } from '../src/state/journal';
import { LockFile } from '../src/state/lock-file';
import { Records } from '../src/state/records';
import type { FlightRecord } from '../src/report';

const found = { readOnly: false, superReadOnly: false, eventScheduler: false };
const operation: Operation = {
  kind: 'SWITCH',
  id: 'one',
  pool: 'shop',
  phase: Phase.PREPARING,
  from: 'db1',
  to: 'db2',
  fromIdentity: '1',
  by: 'test',
  startedAt: '2026-01-01T00:00:00.000Z',
  epoch: 2,
  found: { from: found, to: { ...found, readOnly: true } },
  events: [],
  semiSync: { from: { source: false, replica: false }, to: { source: false, replica: false } },
  channel: { name: '', options: [] },
  circular: null,
  movedReplicas: [],
};

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'state-'));
});

afterEach(() => rm(folder, { recursive: true }));

describe('the journal', () => {
  test('starts empty, and is read back as it was written', async () => {
    const journal = await Journal.load(folder, 'shop');
    expect(journal.memory).toMatchObject({ pool: 'shop', epoch: 1, active: null, operation: null });
    await journal.write({ operation });
    await journal.advance(Phase.SWITCHING);
    const again = await Journal.load(folder, 'shop');
    expect(again.memory.operation).toEqual({ ...operation, phase: 'SWITCHING' });
  });

  test('writes follow each other, the last one stays', async () => {
    const journal = await Journal.load(folder, 'shop');
    await Promise.all([2, 3, 4, 5].map((epoch) => journal.write({ epoch })));
    expect((await Journal.load(folder, 'shop')).memory.epoch).toBe(5);
  });

  test('refuses an illegal move', async () => {
    const journal = await Journal.load(folder, 'shop');
    await journal.write({ operation });
    expect(() => journal.advance(Phase.RELEASED)).toThrow('PREPARING to RELEASED');
    await journal.write({ operation: null });
    expect(() => journal.advance(Phase.SWITCHING)).toThrow('no operation');
  });

  test.each(['', '{}', '[1]', '{"version":2,"epoch":1,"demoted":[]}', 'null'])(
    'refuses to guess at %j',
    async (content) => {
      await writeFile(join(folder, 'shop.journal.json'), content);
      await expect(Journal.load(folder, 'shop')).rejects.toMatchObject({ code: 'JOURNAL_UNREADABLE' });
    },
  );

  test("a pool's name can't leave the folder", async () => {
    const journal = await Journal.load(folder, '../up');
    await journal.write({ epoch: 9 });
    expect(await readFile(join(folder, '%2E%2E%2Fup.journal.json'), 'utf8')).toContain('"epoch": 9');
  });
});

describe('the lock file', () => {
  test('one at a time, then the next', async () => {
    const lock = await LockFile.take(folder, 'shop');
    await expect(LockFile.take(folder, 'shop')).rejects.toMatchObject({ code: 'STATE_DIR_IN_USE' });
    await (await LockFile.take(folder, 'stock')).release();
    await lock.release();
    await (await LockFile.take(folder, 'shop')).release();
  });

  test.each([
    ['of a process that is gone', { pid: 2 ** 22 + 1, start: null }],
    ['of an earlier process with our pid', { pid: process.pid, start: '1' }],
  ])('a lock %s is taken over', async (_title, holder) => {
    await writeFile(join(folder, 'shop.lock'), JSON.stringify(holder));
    await (await LockFile.take(folder, 'shop')).release();
  });

  test('a lock file cut short is taken over', async () => {
    await writeFile(join(folder, 'shop.lock'), '{"pid":');
    await (await LockFile.take(folder, 'shop')).release();
  });
});

const record = (id: string, pool: string) => ({ id, pool, result: 'switched' }) as unknown as FlightRecord;

describe('flight records', () => {
  test('are listed oldest first, by pool, and shown by id', async () => {
    const records = await Records.open(folder);
    for (const [id, pool] of [
      ['2', 'shop'],
      ['1', 'shop'],
      ['3', 'stock'],
    ] as const) {
      await records.add(record(id, pool));
    }
    expect((await records.list()).map(({ id }) => id)).toEqual(['1', '2', '3']);
    expect((await records.list('shop')).map(({ id }) => id)).toEqual(['1', '2']);
    expect(await records.show('3')).toMatchObject({ pool: 'stock' });
    expect(await records.show('../../etc/passwd')).toBeNull();
  });
});
