import { mkdir, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors';
import type { FlightRecord, PoolRecord, RejoinReport } from '../report';
import { fileName, writeAtomically } from './atomic-file';
import { Ids } from './ids';

const KEPT = 1000;

/** Flight records, and the reports of rejoins: a JSON file each in stateDir/records, the newest 1000. Ids sort in the order they were made. */
export class Records {
  readonly #folder: string;
  readonly #ids: Ids;

  private constructor(folder: string, files: readonly string[]) {
    this.#folder = folder;
    this.#ids = new Ids(files.at(-1));
  }

  static async open(stateDir: string): Promise<Records> {
    const folder = join(stateDir, 'records');
    await mkdir(folder, { recursive: true });
    return new Records(folder, await filesIn(folder));
  }

  /** Of an operation that begins. `now`: ms since 1970. */
  newId(now: number): string {
    return this.#ids.next(now);
  }

  async add(record: PoolRecord): Promise<void> {
    await writeAtomically(this.#pathOf(record.id), `${JSON.stringify(record, null, 2)}\n`);
    const files = await filesIn(this.#folder);
    for (const file of files.slice(0, Math.max(0, files.length - KEPT))) {
      await unlink(join(this.#folder, file)).catch(() => undefined);
    }
  }

  /** Oldest first. */
  async list(pool?: string): Promise<PoolRecord[]> {
    const records = await Promise.all(
      (await filesIn(this.#folder)).map((file) => this.#read(join(this.#folder, file))),
    );
    return records.filter(
      (record): record is PoolRecord => record !== null && (pool === undefined || record.pool === pool),
    );
  }

  /** The switches and failovers among them. */
  async flights(pool: string): Promise<FlightRecord[]> {
    return (await this.list(pool)).filter((record) => record.kind !== 'rejoin');
  }

  show(id: string): Promise<PoolRecord | null> {
    return this.#read(this.#pathOf(id));
  }

  #pathOf(id: string): string {
    return join(this.#folder, `${fileName(id)}.json`);
  }

  async #read(path: string): Promise<PoolRecord | null> {
    try {
      return JSON.parse(await readFile(path, 'utf8')) as PoolRecord;
    } catch {
      return null;
    }
  }
}

/** Oldest first. */
const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((file) => file.endsWith('.json')).sort();

/** What failed to be written down is no reason to call it anything else. */
export async function keepReport(records: Records, report: RejoinReport): Promise<RejoinReport> {
  try {
    await records.add(report);
    return report;
  } catch (error) {
    const message = `the report could not be written: ${messageOf(error)}`;
    return { ...report, warnings: [...report.warnings, { code: 'RECORD', message }] };
  }
}
