/**
 * What one client has written: ids from 1 upwards, each acknowledged unless it is listed as not. So the memory it takes
 * grows with what goes wrong only.
 */
export class Writes {
  private issued = 0;
  private readonly open = new Set<number>();

  /** A new id, unacknowledged until told. */
  next(): number {
    this.issued += 1;
    this.open.add(this.issued);
    return this.issued;
  }

  acknowledge(id: number): void {
    this.open.delete(id);
  }

  get last(): number {
    return this.issued;
  }

  get acknowledged(): number {
    return this.issued - this.open.size;
  }

  isAcknowledged(id: number): boolean {
    return id >= 1 && id <= this.issued && !this.open.has(id);
  }
}
