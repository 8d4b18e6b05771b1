/** A transaction as a binary log has it, as far as it tells whose it was. */
export interface WrittenTransaction {
  /** Empty: it has none, or one that is not understood. */
  readonly gtid: string;
  /** The server's id of the connection that wrote it; null: the log does not say. */
  readonly thread: number | null;
  /** Its last statement, bytes as latin1; null: the log does not have it. */
  readonly text: string | null;
  /** Times that the server was started in the log before it. */
  readonly life: number;
}

/** https://dev.mysql.com/doc/dev/mysql-server/latest/classmysql_1_1binlog_1_1event_1_1Log__event__type.html, https://mariadb.com/kb/en/replication-protocol/ */
const Type = Object.freeze({
  QUERY: 2,
  FORMAT: 15,
  MYSQL_GTID: 33,
  TAGGED_GTID: 42,
  ANNOTATE: 160,
  MARIADB_GTID: 162,
} as const);

const HEADER = 19;
const SERVER_ID = 5;
/** A format description says of its file, in the byte before its own checksum, whether events have one. */
const CHECKSUM = 4;
const CRC32 = 1;
/** In the format description: version and server version come first. Not 0: the server was started with this file. */
const STARTED_AT = HEADER + 2 + 50;

/** Transactions of some minutes, on a busy server. */
const MOST = 200_000;

/** Takes events one after another, and keeps of those that begin a transaction what there is to know. */
export class TransactionReader {
  readonly transactions: WrittenTransaction[] = [];
  /** When each life of the server began, in seconds since 1970 by its own clock; the first may be longer ago than the log. */
  readonly lives: number[] = [0];
  /** There were more than are kept. */
  full = false;
  readonly #wanted: (gtid: string) => boolean;
  #checksum = 0;
  #serverId = 0;
  #current: { gtid: string; thread: number | null; text: string | null; life: number } | null = null;

  constructor(wanted: (gtid: string) => boolean) {
    this.#wanted = wanted;
  }

  /** As it was stored: with its checksum, if it has one. */
  take(whole: Buffer): void {
    if (whole.length < HEADER + CHECKSUM) return;
    if (whole[4] === Type.FORMAT) this.#checksum = whole[whole.length - CHECKSUM - 1] === CRC32 ? CHECKSUM : 0;
    const event = whole.subarray(0, whole.length - this.#checksum);
    switch (event.readUInt8(4)) {
      case Type.FORMAT:
        this.#serverId = event.readUInt32LE(SERVER_ID);
        if (event.length >= STARTED_AT + 4 && event.readUInt32LE(STARTED_AT) > 0)
          this.lives.push(event.readUInt32LE(STARTED_AT));
        return;
      case Type.MYSQL_GTID:
        return this.#begin(event, mysqlGtid(event));
      case Type.TAGGED_GTID:
        return this.#begin(event, '');
      case Type.MARIADB_GTID:
        return this.#begin(event, mariadbGtid(event));
      case Type.QUERY:
        return this.#query(event);
      case Type.ANNOTATE:
        if (this.#current !== null) this.#current.text = event.toString('latin1', HEADER);
        return;
      default:
    }
  }

  /** What came by replication was written elsewhere. */
  #begin(event: Buffer, gtid: string): void {
    this.#current = null;
    if (event.readUInt32LE(SERVER_ID) !== this.#serverId || (gtid !== '' && !this.#wanted(gtid))) return;
    if (this.transactions.length >= MOST) {
      this.full = true;
      return;
    }
    this.#current = { gtid, thread: null, text: null, life: this.lives.length - 1 };
    this.transactions.push(this.#current);
  }

  /** Thread, seconds it took, length of the schema's name, error, length of the status variables; these, the schema, 0, the text. */
  #query(event: Buffer): void {
    if (this.#current === null || event.length < HEADER + 13) return;
    this.#current.thread ??= event.readUInt32LE(HEADER);
    const text = event.toString(
      'latin1',
      HEADER + 13 + event.readUInt16LE(HEADER + 11) + event.readUInt8(HEADER + 8) + 1,
    );
    if (!/^(BEGIN|COMMIT|ROLLBACK)$/i.test(text)) this.#current.text = text;
  }
}

function mysqlGtid(event: Buffer): string {
  const uuid = event
    .toString('hex', HEADER + 1, HEADER + 17)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return `${uuid}:${event.readBigUInt64LE(HEADER + 17)}`;
}

const mariadbGtid = (event: Buffer): string =>
  `${event.readUInt32LE(HEADER + 8)}-${event.readUInt32LE(SERVER_ID)}-${event.readBigUInt64LE(HEADER)}`;
