import { appendFile, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock';
import { messageOf, systemCode } from '../errors';
import type { PoolEvent } from '../report';
import type { Log } from '../log';
import { fileName } from './atomic-file';

/** Of a file; then it becomes the older one of two. */
const FILE_BYTES = 1_048_576;
/** Characters; servers may have much to say. */
const MESSAGE = 2000;
/** What `list` gives at most. */
const LISTED = 1000;
/** Events that wait for a disk that hangs; more are dropped, the oldest first. */
const WAITING = 1000;

/**
 * What happened to a pool, and who decided it: stateDir/POOL.events.jsonl, a JSON object a line, and the file before it. Nobody waits for
 * the disk: an event is told after it happened, and must not make it longer. So a crash can lose the last ones, or tear a line, which is
 * skipped; the journal holds what has to be true.
 */
export class EventLog {
  /** Hears of each as it is added. */
  onEvent: (event: PoolEvent) => void = () => undefined;
  readonly #pool: string;
  readonly #path: string;
  readonly #older: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #fileBytes: number;
  #waiting: string[] = [];
  #writing: Promise<void> | null = null;
  /** Bytes in the file; null: it is to be asked. */
  #size: number | null = null;
  #failed = false;

  constructor(stateDir: string, pool: string, clock: Clock, log: Log, fileBytes = FILE_BYTES) {
    this.#pool = pool;
    this.#path = join(stateDir, `${fileName(pool)}.events.jsonl`);
    this.#older = join(stateDir, `${fileName(pool)}.events.1.jsonl`);
    this.#clock = clock;
    this.#log = log;
    this.#fileBytes = fileBytes;
  }

  add(event: Omit<PoolEvent, 'at' | 'pool'>): void {
    const at = new Date(this.#clock.now()).toISOString();
    const whole: PoolEvent = { at, pool: this.#pool, ...event, message: event.message.slice(0, MESSAGE) };
    this.onEvent(whole);
    this.#waiting.push(`${JSON.stringify(whole)}\n`);
    if (this.#waiting.length > WAITING) this.#waiting.shift();
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  /** Resolves when what was added is in the file, or could not be written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** The newest 1000, oldest first. */
  async list(): Promise<PoolEvent[]> {
    await this.settled();
    const texts = await Promise.all([this.#older, this.#path].map((path) => readFile(path, 'utf8').catch(() => '')));
    return texts
      .flatMap((text) => text.split('\n'))
      .flatMap(parse)
      .slice(-LISTED);
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const text = this.#waiting.splice(0).join('');
      try {
        await this.#append(text);
        this.#failed = false;
      } catch (error) {
        this.#size = null;
        if (!this.#failed)
          this.#log('error', 'events can not be written', { pool: this.#pool, reason: messageOf(error) });
        this.#failed = true;
      }
    }
  }

  async #append(text: string): Promise<void> {
    const before = this.#size ?? (await mended(this.#path));
    const bytes = Buffer.byteLength(text);
    const full = before > 0 && before + bytes > this.#fileBytes;
    if (full) await rename(this.#path, this.#older);
    await appendFile(this.#path, text, { mode: 0o600 });
    this.#size = (full ? 0 : before) + bytes;
  }
}

/** For our eyes alone, also where it was there before; a line that was torn is ended, so that the next event has one of its own. Resolves with its bytes. */
async function mended(path: string): Promise<number> {
  let file;
  try {
    file = await open(path, 'r+');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0;
    throw error;
  }
  try {
    await file.chmod(0o600);
    const { size } = await file.stat();
    if (size === 0) return 0;
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
    if (buffer.toString() === '\n') return size;
    await file.write('\n', size);
    return size + 1;
  } finally {
    await file.close();
  }
}

function parse(line: string): PoolEvent[] {
  try {
    const event = JSON.parse(line) as PoolEvent | null;
    return typeof event?.at === 'string' && typeof event.kind === 'string' ? [event] : [];
  } catch {
    return [];
  }
}
