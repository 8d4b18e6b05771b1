import type { Connection, RowDataPacket } from 'mysql2/promise';
import { sleep } from '@myswitch/testkit';

/** A well-behaved session, which goes on asking while others misbehave: it must neither notice them nor wait for them. */
export class CalmSession {
  asked = 0;
  slowestMs = 0;
  #running = true;
  readonly #done: Promise<void>;

  private constructor(connection: Connection) {
    this.#done = this.#run(connection);
    this.#done.catch(() => undefined); // told by `end`
  }

  static async start(connection: Connection): Promise<CalmSession> {
    await connection.query(`SET @mine = 'calm'`);
    return new CalmSession(connection);
  }

  /** Rejects with what went wrong. */
  end(): Promise<void> {
    this.#running = false;
    return this.#done;
  }

  async #run(connection: Connection): Promise<void> {
    while (this.#running) {
      const start = performance.now();
      const number = this.asked++;
      const [rows] = await connection.query<RowDataPacket[]>(`SELECT ${number} AS number, @mine AS mine`);
      expect(rows).toEqual([{ number, mine: 'calm' }]);
      if (number % 10 === 0) {
        const [prepared] = await connection.execute<RowDataPacket[]>('SELECT ? AS text', [`text ${number}`]);
        expect(prepared).toEqual([{ text: `text ${number}` }]);
      }
      this.slowestMs = Math.max(this.slowestMs, performance.now() - start);
      await sleep(3); // at its own pace
    }
  }
}
