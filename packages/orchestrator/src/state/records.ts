import { mkdir, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors';
import type { FlightRecord, PoolRecord, RejoinReport } from '../report';
import { fileName, writeAtomically } from './atomic-file';

const KEPT = 1000;

/** Flight records, and the reports of rejoins: a JSON file each in stateDir/records, the newest 1000. Ids sort by time. */
export class Records {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(stateDir: string): Promise<Records> {
    const folder = join(stateDir, 'records');
    await mkdir(folder, { recursive: true });
    return new Records(folder);
  }

  async add(record: PoolRecord): Promise<void> {
    await writeAtomically(this.#pathOf(record.id), `${JSON.stringify(record, null, 2)}\n`);
    const files = await this.#files();
    for (const file of files.slice(0, Math.max(0, files.length - KEPT))) {
      await unlink(join(this.#folder, file)).catch(() => undefined);
    }
  }

  /** Oldest first. */
  async list(pool?: string): Promise<PoolRecord[]> {
    const records = await Promise.all((await this.#files()).map((file) => this.#read(join(this.#folder, file))));
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

  async #files(): Promise<string[]> {
    return (await readdir(this.#folder)).filter((file) => file.endsWith('.json')).sort();
  }

  async #read(path: string): Promise<PoolRecord | null> {
    try {
      return JSON.parse(await readFile(path, 'utf8')) as PoolRecord;
    } catch {
      return null;
    }
  }
}

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
