import { Diagnostic, PinReason, StatementKind, type Assignment, type Statement } from './statement';

/** A bit for each reason, so that building a set of them costs nothing. */
export const PIN = Object.freeze({
  TEMPORARY_TABLE: 1 << 0,
  GET_LOCK: 1 << 1,
  LOCK_TABLES: 1 << 2,
  READ_LOCK: 1 << 3,
  INSTANCE_LOCK: 1 << 4,
  SQL_PREPARE: 1 << 5,
  HANDLER: 1 << 6,
  XA: 1 << 7,
  TRANSACTION_CHARACTERISTICS: 1 << 8,
  ROLE: 1 << 9,
  ONE_SHOT: 1 << 10,
  SEQUENCE: 1 << 11,
} as const satisfies Record<PinReason, number>);

export const READ = Object.freeze({
  LAST_INSERT_ID: 1 << 0,
  FOUND_ROWS: 1 << 1,
  ROW_COUNT: 1 << 2,
  WARNINGS: 1 << 3,
} as const satisfies Record<Diagnostic, number>);

/** The frozen array for each set of bits, made once. */
class SetTable<T extends string> {
  private readonly members: readonly T[];
  private readonly bits: Readonly<Record<T, number>>;
  private readonly arrays = new Map<number, readonly T[]>();

  constructor(members: Readonly<Record<T, T>>, bits: Readonly<Record<T, number>>) {
    this.members = Object.values(members);
    this.bits = bits;
  }

  get(bits: number): readonly T[] {
    let array = this.arrays.get(bits);
    if (array === undefined) {
      array = Object.freeze(this.members.filter((member) => (bits & this.bits[member]) !== 0));
      this.arrays.set(bits, array);
    }
    return array;
  }
}

const pinSets = new SetTable(PinReason, PIN);
const readSets = new SetTable(Diagnostic, READ);
const NOTHING: readonly never[] = Object.freeze([]);

/** Statements that are the same but for their text, by kind and flags; see toStatement. */
const COMMON = Object.fromEntries(Object.values(StatementKind).map((kind) => [kind, []])) as unknown as Readonly<
  Record<StatementKind, Statement[]>
>;

type Mark = Pick<
  Findings,
  | 'reads'
  | 'pins'
  | 'calcFoundRows'
  | 'setsLastInsertId'
  | 'asksConnectionId'
  | 'assignsUserVariables'
  | 'userVariables'
>;

/** What is known of a text so far; see {@link Statement} for the fields. */
export class Findings {
  kind: StatementKind = StatementKind.EMPTY;
  statements = 0;
  plain = true;
  reads = 0;
  calcFoundRows = false;
  setsLastInsertId = false;
  asksConnectionId = false;
  calls = false;
  opaque = false;
  assignsUserVariables = false;
  pins = 0;
  unpins = 0;
  assignments: Assignment[] | null = null;
  schema: string | null = null;
  userVariables: Set<string> | null = null;
  mayCommit = false;
  repeatable = false;
  readOnly = false;
  conditional = false;

  assign(assignment: Assignment): void {
    (this.assignments ??= []).push(Object.freeze(assignment));
  }

  addUserVariable(name: string): void {
    (this.userVariables ??= new Set()).add(name.toLowerCase());
  }

  /** What backTo() takes; keep in step with what an expression may add. */
  mark(): Mark {
    const { reads, pins, calcFoundRows, setsLastInsertId, asksConnectionId, assignsUserVariables } = this;
    const userVariables = this.userVariables && new Set(this.userVariables);
    return { reads, pins, calcFoundRows, setsLastInsertId, asksConnectionId, assignsUserVariables, userVariables };
  }

  /** Forgets what expressions added since. */
  backTo(mark: Mark): void {
    Object.assign(this, mark);
  }

  /** For a text that not every server reads this way, or at all. */
  doubt(): void {
    this.plain = false;
    this.mayCommit = true;
    this.repeatable = false;
    this.readOnly = false;
  }

  toStatement(): Statement {
    const common = this.statements === 1 && this.pins === 0 && this.unpins === 0 && !this.conditional;
    if (!common || this.assignments !== null || this.schema !== null || this.userVariables !== null) return this.make();
    // most statements differ in nothing that matters here, so they share one object; frequent flags come first, since an array
    // with a high index is slow
    const flags =
      this.reads |
      (this.plain ? 1 << 4 : 0) |
      (this.mayCommit ? 1 << 5 : 0) |
      (this.readOnly ? 1 << 6 : 0) |
      (this.repeatable ? 1 << 7 : 0) |
      (this.calcFoundRows ? 1 << 8 : 0) |
      (this.setsLastInsertId ? 1 << 9 : 0) |
      (this.asksConnectionId ? 1 << 10 : 0) |
      (this.calls ? 1 << 11 : 0) |
      (this.opaque ? 1 << 12 : 0);
    const alike = COMMON[this.kind];
    return (alike[flags] ??= this.make());
  }

  private make(): Statement {
    return Object.freeze({
      kind: this.kind,
      statements: this.statements,
      plain: this.plain,
      reads: readSets.get(this.reads),
      calcFoundRows: this.calcFoundRows,
      setsLastInsertId: this.setsLastInsertId,
      asksConnectionId: this.asksConnectionId,
      calls: this.calls,
      opaque: this.opaque,
      assignsUserVariables: this.assignsUserVariables,
      pins: pinSets.get(this.pins),
      unpins: pinSets.get(this.unpins & ~this.pins),
      assignments: this.assignments === null ? NOTHING : Object.freeze(this.assignments),
      schema: this.schema,
      userVariables: this.userVariables === null ? NOTHING : Object.freeze([...this.userVariables]),
      mayCommit: this.mayCommit,
      repeatable: this.repeatable,
      readOnly: this.readOnly,
      conditional: this.conditional,
    });
  }
}

/** The careful union of two readings of one text; of names and assignments it keeps the fuller reading's. */
export function uniteReadings(fullest: Findings, sparsest: Findings): Findings {
  if (JSON.stringify(fullest.toStatement()) === JSON.stringify(sparsest.toStatement())) return fullest;
  const united = new Findings();
  united.kind = uniteKinds(fullest.kind, sparsest.kind);
  united.statements = Math.max(fullest.statements, sparsest.statements);
  united.reads = fullest.reads | sparsest.reads;
  united.calcFoundRows = fullest.calcFoundRows || sparsest.calcFoundRows;
  united.setsLastInsertId = fullest.setsLastInsertId || sparsest.setsLastInsertId;
  united.opaque = fullest.opaque || sparsest.opaque;
  united.calls = fullest.calls || sparsest.calls;
  united.assignsUserVariables = fullest.assignsUserVariables || sparsest.assignsUserVariables;
  united.asksConnectionId = fullest.asksConnectionId || sparsest.asksConnectionId;
  united.pins = fullest.pins | sparsest.pins;
  united.unpins = fullest.unpins & sparsest.unpins;
  united.assignments = fullest.assignments ?? sparsest.assignments;
  united.schema = fullest.schema ?? sparsest.schema;
  united.userVariables = new Set([...(fullest.userVariables ?? []), ...(sparsest.userVariables ?? [])]);
  united.plain = fullest.plain && sparsest.plain;
  united.mayCommit = fullest.mayCommit || sparsest.mayCommit;
  united.repeatable = fullest.repeatable && sparsest.repeatable;
  united.readOnly = fullest.readOnly && sparsest.readOnly;
  united.conditional = true;
  return united;
}

function uniteKinds(fullest: StatementKind, sparsest: StatementKind): StatementKind {
  if (fullest === sparsest || sparsest === StatementKind.EMPTY) return fullest;
  return fullest === StatementKind.MULTI || sparsest === StatementKind.MULTI
    ? StatementKind.MULTI
    : StatementKind.OTHER;
}
