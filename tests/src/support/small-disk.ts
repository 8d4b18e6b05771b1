import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestServer } from '@myswitch/testkit';

/** Left on it, so that a server has room to start. */
const FREE_MIB = 64;
const PAGE = 4096;

/** Why no file system can be mounted here; null: it can. */
export const whyNoMounts = (): string | null => (process.getuid?.() === 0 ? null : 'only root may mount a small disk');

/** A file system in memory, with a server's data on it and little more. */
export class SmallDisk {
  readonly #folder: string;
  readonly #server: TestServer;

  private constructor(folder: string, server: TestServer) {
    this.#folder = folder;
    this.#server = server;
  }

  /** The server is stopped for that, and started again. Ends with `remove`. */
  static async under(server: TestServer): Promise<SmallDisk> {
    await server.stop();
    const data = join(server.dir, 'data');
    const used = Number(execFileSync('du', ['-sm', data], { encoding: 'utf8' }).split('\t')[0]);
    const folder = mkdtempSync(join(tmpdir(), 'myswitch-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${used + FREE_MIB}m`, 'tmpfs', folder]);
    const disk = new SmallDisk(folder, server);
    execFileSync('cp', ['-a', data, folder]);
    rmSync(data, { recursive: true });
    symlinkSync(join(folder, 'data'), data);
    mkdirSync(join(folder, 'tmp'));
    server.addToMyCnf(`tmpdir=${join(folder, 'tmp')}`);
    await server.start();
    return disk;
  }

  /** To the last byte. */
  fill(): void {
    const file = openSync(this.#ballast, 'a');
    for (const size of [1 << 20, PAGE]) {
      try {
        for (const chunk = Buffer.alloc(size); ;) writeSync(file, chunk);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
    closeSync(file);
  }

  makeRoom(): void {
    rmSync(this.#ballast, { force: true });
  }

  /** Ends the server, too. */
  async remove(): Promise<void> {
    await this.#server.kill();
    execFileSync('umount', [this.#folder]);
    rmdirSync(this.#folder);
  }

  get #ballast(): string {
    return join(this.#folder, 'ballast');
  }
}
