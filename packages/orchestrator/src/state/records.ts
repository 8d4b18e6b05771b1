import { mkdir, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { FlightRecord } from '../report';
import { fileName, writeAtomically } from './atomic-file';

const KEPT = 1000;

/** A JSON file each in a folder of stateDir, the newest 1000: of switches and failovers in `records`. Ids sort by time. */
export class Records<T extends { readonly id: string; readonly pool: string } = FlightRecord> {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open<T extends { readonly id: string; readonly pool: string } = FlightRecord>(
    stateDir: string,
    name = 'records',
  ): Promise<Records<T>> {
    const folder = join(stateDir, name);
    await mkdir(folder, { recursive: true });
    return new Records<T>(folder);
  }

  async add(record: T): Promise<void> {
    await writeAtomically(this.#pathOf(record.id), `${JSON.stringify(record, null, 2)}\n`);
    const files = await this.#files();
    for (const file of files.slice(0, Math.max(0, files.length - KEPT))) {
      await unlink(join(this.#folder, file)).catch(() => undefined);
    }
  }

  /** Oldest first. */
  async list(pool?: string): Promise<T[]> {
    const records = await Promise.all((await this.#files()).map((file) => this.#read(join(this.#folder, file))));
    return records.filter(
      (record): record is Awaited<T> & T => record !== null && (pool === undefined || record.pool === pool),
    );
  }

  show(id: string): Promise<T | null> {
    return this.#read(this.#pathOf(id));
  }

  #pathOf(id: string): string {
    return join(this.#folder, `${fileName(id)}.json`);
  }

  async #files(): Promise<string[]> {
    return (await readdir(this.#folder)).filter((file) => file.endsWith('.json')).sort();
  }

  async #read(path: string): Promise<T | null> {
    try {
      return JSON.parse(await readFile(path, 'utf8')) as T;
    } catch {
      return null;
    }
  }
}
