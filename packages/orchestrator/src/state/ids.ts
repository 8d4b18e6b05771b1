import { randomBytes } from 'node:crypto';

/** Ids of operations begin with the time. */
const STAMP = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-/;

/** Ids that sort in the order in which they were made, also where the clock was put back meanwhile. */
export class Ids {
  #last: number;

  /** `latest`: the last that there is, as made by an earlier process; undefined: none. */
  constructor(latest?: string) {
    const [, ...parts] = STAMP.exec(latest ?? '') ?? [];
    const [year = '', month = '', day = '', hour = '', minute = '', second = '', ms = ''] = parts;
    const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
    this.#last = Number.isNaN(time) ? 0 : time;
  }

  /** `now`: ms since 1970. */
  next(now: number): string {
    this.#last = Math.max(now, this.#last + 1);
    return `${new Date(this.#last).toISOString().replaceAll(/[-:.]/g, '')}-${randomBytes(3).toString('hex')}`;
  }
}
