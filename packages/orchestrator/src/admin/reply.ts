import {
  ColumnType,
  encodeErr,
  encodeOk,
  encodePacket,
  encodeResultsetEnd,
  encodeResultsetHead,
  encodeTextRows,
  ServerStatus,
  textColumn,
  type ColumnDefinition,
} from '@myswitch/protocol';
import type { AdminError } from './errors';

/** Numbers are sent as such (integer or with fractions), everything else as text. */
export type Cell = string | number | boolean | null;

/** A column's name, or name and type. */
export type Column = string | { readonly name: string; readonly type: 'integer' | 'number' };

const BINARY_CHARSET = 63;
const STATUS = ServerStatus.AUTOCOMMIT;

/** The reply to one command, written as it comes: what was written has left for the client. */
export class Reply {
  readonly #capabilities: number;
  readonly #write: (bytes: Buffer) => void;
  #sequence = 1;

  /** @param capabilities as negotiated at login */
  constructor(capabilities: number, write: (bytes: Buffer) => void) {
    this.#capabilities = capabilities;
    this.#write = write;
  }

  ok(): void {
    const ok = encodeOk(
      { header: 0, affectedRows: 0, lastInsertId: 0n, status: STATUS, warnings: 0, info: '', trackers: null },
      this.#capabilities,
    );
    this.#write(encodePacket(ok, this.#sequence));
  }

  /** Also legal between rows: the client then has the rows and the error. */
  error({ errno, sqlState, message }: Pick<AdminError, 'errno' | 'sqlState' | 'message'>): void {
    this.#write(encodePacket(encodeErr({ code: errno, sqlState, message }), this.#sequence));
  }

  /** Begins a result set; then any number of rows, then `end`. */
  columns(columns: readonly Column[]): void {
    this.#framed(encodeResultsetHead(columns.map(definition), this.#options));
  }

  row(cells: readonly Cell[]): void {
    this.#framed(encodeTextRows([cells.map(text)], this.#sequence));
  }

  end(): void {
    this.#framed(encodeResultsetEnd(this.#options));
  }

  table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): void {
    this.columns(columns);
    this.#framed(
      encodeTextRows(
        rows.map((row) => row.map(text)),
        this.#sequence,
      ),
    );
    this.end();
  }

  get #options() {
    return { capabilities: this.#capabilities, status: STATUS, startSequence: this.#sequence };
  }

  #framed({ bytes, nextSequence }: { bytes: Buffer; nextSequence: number }): void {
    this.#sequence = nextSequence;
    this.#write(bytes);
  }
}

function definition(column: Column): ColumnDefinition {
  if (typeof column === 'string') return textColumn(column);
  const base = textColumn(column.name);
  return column.type === 'integer'
    ? { ...base, type: ColumnType.LONGLONG, characterSet: BINARY_CHARSET, length: 20 }
    : { ...base, type: ColumnType.DOUBLE, characterSet: BINARY_CHARSET, length: 22, decimals: 31 };
}

function text(cell: Cell): string | null {
  if (cell === null) return null;
  // the noise of floating point is of no use to anybody
  if (typeof cell === 'number') return String(Number(cell.toFixed(3)));
  return typeof cell === 'boolean' ? String(Number(cell)) : cell;
}
