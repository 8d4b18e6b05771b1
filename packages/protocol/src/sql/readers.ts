import { Char } from './characters';
import { readAlter, readCreate, readDrop, readRename } from './ddl';
import { PIN, READ } from './findings';
import { K } from './keywords';
import { Token } from './lexer';
import type { Scanner } from './scanner';
import { readSet } from './set';
import { StatementKind } from './statement';
import { passCompound } from './stored-program';

/**
 * Reads a statement from after its first word to its end. Null means that what was read only stands before the real
 * statement, which is still to be read.
 */
type Reader = (scanner: Scanner) => StatementKind | null;

/** Passes all of it; there is nothing to know but its kind and its expressions. */
function simple(kind: StatementKind): Reader {
  return (scanner) => {
    scanner.rest();
    return kind;
  };
}

/** The names of accounts in it aren't user variables. */
function withAccounts(kind: StatementKind): Reader {
  return (scanner) => {
    scanner.accounts = true;
    scanner.rest();
    return kind;
  };
}

/** A column list comes before the expressions. */
function withColumns(kind: StatementKind): Reader {
  return (scanner) => {
    scanner.header = true;
    scanner.rest();
    return kind;
  };
}

/** Every user variable in it may be assigned. */
function assigning(kind: StatementKind): Reader {
  return (scanner) => {
    scanner.rest();
    if (scanner.usesUserVariable) scanner.found.assignsUserVariables = true;
    return kind;
  };
}

function pinning(kind: StatementKind, pin: number): Reader {
  return (scanner) => {
    scanner.rest();
    scanner.found.pins |= pin;
    return kind;
  };
}

/** What it does is not in its text. */
function opaque(reader: Reader): Reader {
  return (scanner) => {
    scanner.found.opaque = true;
    return reader(scanner);
  };
}

const admin = withAccounts(StatementKind.ADMIN);

function compound(scanner: Scanner): StatementKind {
  scanner.found.opaque = true;
  passCompound(scanner);
  return StatementKind.OTHER;
}

/** SELECT, and DO, whose only job may be RELEASE_ALL_LOCKS(). */
function readSelect(kind: StatementKind): Reader {
  return (scanner) => {
    if (scanner.word() === K.RELEASE_ALL_LOCKS) passReleaseAllLocks(scanner);
    scanner.rest();
    return kind;
  };
}

/** Inside a longer expression it might not be called, so the locks stay. */
function passReleaseAllLocks(scanner: Scanner): void {
  scanner.advance();
  if (!scanner.lexer.isOperator(Char.OPEN)) return;
  scanner.advance();
  if (!scanner.lexer.isOperator(Char.CLOSE)) return;
  scanner.advance();
  if (scanner.atEnd() && scanner.depth === 0) scanner.found.unpins |= PIN.GET_LOCK;
}

/** Common table expressions, up to the statement that uses them. */
function readWith(scanner: Scanner): null {
  scanner.header = true;
  while (!scanner.atEnd()) {
    if (scanner.depth === 0) {
      if (MAIN_WORDS.has(scanner.word())) break;
      if (scanner.lexer.isOperator(Char.OPEN) && scanner.after(Char.CLOSE)) break;
    }
    scanner.advance();
  }
  scanner.header = false;
  return null;
}

const WRITING_WORDS: ReadonlySet<number> = new Set([K.INSERT, K.REPLACE, K.UPDATE, K.DELETE]);
const MAIN_WORDS: ReadonlySet<number> = new Set([...WRITING_WORDS, K.SELECT, K.TABLE, K.VALUES]);

function readExplain(scanner: Scanner): StatementKind {
  return explain(scanner, false);
}

function readAnalyze(scanner: Scanner): StatementKind {
  const word = scanner.word();
  const isAdmin = word === K.TABLE || word === K.TABLES || word === K.LOCAL || scanner.lexer.is('no_write_to_binlog');
  return isAdmin ? admin(scanner)! : explain(scanner, true);
}

/** Looks for the statement that is explained; none if it is a table or a connection. */
function explain(scanner: Scanner, analyze: boolean): StatementKind {
  let runs = analyze;
  while (!scanner.atEnd() && !MAIN_WORDS.has(scanner.word())) {
    const word = scanner.word();
    scanner.advance();
    if (word === K.FOR) scanner.local = true; // FOR CONNECTION
    if (word === K.ANALYZE) runs = true;
    if (word === K.WITH) readWith(scanner);
  }
  if (WRITING_WORDS.has(scanner.word())) {
    scanner.effects = true;
    if (runs) scanner.found.mayCommit = true;
  }
  scanner.rest();
  return StatementKind.EXPLAIN;
}

function readShow(scanner: Scanner): StatementKind {
  scanner.accounts = true;
  if (isDiagnosticArea(scanner.word())) scanner.found.reads |= READ.WARNINGS;
  if (!tellsOfData(scanner)) scanner.local = true;
  while (!scanner.atEnd()) {
    // SHOW COUNT(*) WARNINGS
    if (scanner.after(Char.CLOSE) && isDiagnosticArea(scanner.word())) scanner.found.reads |= READ.WARNINGS;
    scanner.advance();
  }
  return StatementKind.SHOW;
}

/** Past EXTENDED and FULL: whether it shows what replicates. The rest of SHOW tells a server's own state. */
function tellsOfData(scanner: Scanner): boolean {
  const { lexer } = scanner;
  while (lexer.is('extended') || lexer.is('full')) scanner.advance();
  const word = scanner.word();
  return word === K.TABLES || word === K.INDEX || word === K.CREATE || SHOWN_DATA.some((name) => lexer.is(name));
}

const SHOWN_DATA = ['columns', 'fields', 'indexes', 'keys', 'databases', 'schemas', 'triggers'] as const;

function isDiagnosticArea(word: number): boolean {
  return word === K.WARNINGS || word === K.ERRORS;
}

function readGetDiagnostics(scanner: Scanner): StatementKind {
  scanner.found.reads |= READ.WARNINGS | READ.ROW_COUNT;
  return assigning(StatementKind.OTHER)(scanner)!;
}

function readUse(scanner: Scanner): StatementKind {
  const { kind } = scanner.lexer;
  if (kind === Token.WORD || kind === Token.QUOTED) scanner.found.schema = scanner.lexer.name();
  scanner.rest();
  return StatementKind.USE;
}

function readBegin(scanner: Scanner): StatementKind {
  // Anything else is a block of statements: BEGIN NOT ATOMIC, or sql_mode=ORACLE.
  if (!scanner.atEnd() && !scanner.lexer.is('work')) return compound(scanner);
  return begin(scanner);
}

function readStart(scanner: Scanner): StatementKind {
  return scanner.word() === K.TRANSACTION ? begin(scanner) : admin(scanner)!;
}

function begin(scanner: Scanner): StatementKind {
  scanner.rest();
  scanner.found.unpins |= PIN.LOCK_TABLES;
  return StatementKind.BEGIN;
}

function readRollback(scanner: Scanner): StatementKind {
  let kind: StatementKind = StatementKind.ROLLBACK;
  while (!scanner.atEnd()) {
    if (scanner.word() === K.TO) kind = StatementKind.SAVEPOINT;
    scanner.advance();
  }
  return kind;
}

function readLoad(scanner: Scanner): StatementKind {
  return scanner.word() === K.INDEX ? admin(scanner)! : assigning(StatementKind.LOAD)(scanner)!;
}

function readHandler(scanner: Scanner): StatementKind {
  while (!scanner.atEnd()) {
    if (scanner.word() === K.OPEN) scanner.found.pins |= PIN.HANDLER;
    scanner.advance();
  }
  return StatementKind.HANDLER;
}

function readXa(scanner: Scanner): StatementKind {
  const { found } = scanner;
  switch (scanner.word()) {
    case K.START:
    case K.BEGIN:
      found.pins |= PIN.XA;
      break;
    case K.COMMIT:
    case K.ROLLBACK:
      found.unpins |= PIN.XA;
      found.mayCommit = true;
      break;
    case K.PREPARE:
      found.mayCommit = true;
      break;
  }
  scanner.rest();
  return StatementKind.XA;
}

function readLock(scanner: Scanner): StatementKind {
  const word = scanner.word();
  if (word === K.TABLES || word === K.TABLE) return pinning(StatementKind.LOCK_TABLES, PIN.LOCK_TABLES)(scanner)!;
  return pinning(StatementKind.ADMIN, PIN.INSTANCE_LOCK)(scanner)!;
}

function readUnlock(scanner: Scanner): StatementKind {
  const { found } = scanner;
  const word = scanner.word();
  const tables = word === K.TABLES || word === K.TABLE;
  if (tables) found.unpins |= PIN.LOCK_TABLES | PIN.READ_LOCK;
  else if (word === K.INSTANCE) found.unpins |= PIN.INSTANCE_LOCK;
  scanner.rest();
  return tables ? StatementKind.UNLOCK_TABLES : StatementKind.ADMIN;
}

function readBackup(scanner: Scanner): StatementKind {
  const { found } = scanner;
  const stage = scanner.word() === K.STAGE;
  if (stage) scanner.advance();
  const ends = stage ? scanner.word() === K.END : scanner.word() === K.UNLOCK;
  if (ends) found.unpins |= PIN.INSTANCE_LOCK;
  else found.pins |= PIN.INSTANCE_LOCK;
  return admin(scanner)!;
}

function readFlush(scanner: Scanner): StatementKind {
  while (!scanner.atEnd()) {
    const word = scanner.word();
    const previous = scanner.previousWord();
    if ((word === K.LOCK && previous === K.READ) || (word === K.EXPORT && previous === K.FOR)) {
      scanner.found.pins |= PIN.READ_LOCK;
    }
    scanner.advance();
  }
  return StatementKind.FLUSH;
}

const readers: Readonly<Record<number, Reader>> = {
  [K.SELECT]: readSelect(StatementKind.SELECT),
  [K.VALUES]: simple(StatementKind.SELECT),
  [K.TABLE]: simple(StatementKind.SELECT),
  [K.WITH]: readWith,
  [K.INSERT]: withColumns(StatementKind.INSERT),
  [K.REPLACE]: withColumns(StatementKind.REPLACE),
  [K.UPDATE]: simple(StatementKind.UPDATE),
  [K.DELETE]: simple(StatementKind.DELETE),
  [K.LOAD]: readLoad,
  [K.CALL]: opaque(assigning(StatementKind.CALL)),
  [K.DO]: readSelect(StatementKind.DO),
  [K.HANDLER]: readHandler,
  [K.SET]: (scanner) => (readSet(scanner) ? null : StatementKind.SET),
  [K.USE]: readUse,
  [K.GET]: readGetDiagnostics,

  [K.BEGIN]: readBegin,
  [K.START]: readStart,
  [K.COMMIT]: simple(StatementKind.COMMIT),
  [K.ROLLBACK]: readRollback,
  [K.SAVEPOINT]: simple(StatementKind.SAVEPOINT),
  [K.RELEASE]: simple(StatementKind.SAVEPOINT),
  [K.XA]: readXa,

  [K.SHOW]: readShow,
  [K.HELP]: simple(StatementKind.SHOW),
  [K.EXPLAIN]: readExplain,
  [K.DESC]: readExplain,
  [K.DESCRIBE]: readExplain,
  [K.ANALYZE]: readAnalyze,

  [K.CREATE]: readCreate,
  [K.ALTER]: readAlter,
  [K.DROP]: readDrop,
  [K.RENAME]: readRename,
  [K.TRUNCATE]: simple(StatementKind.DDL),
  [K.GRANT]: withAccounts(StatementKind.GRANT),
  [K.REVOKE]: withAccounts(StatementKind.GRANT),

  [K.PREPARE]: pinning(StatementKind.PREPARE, PIN.SQL_PREPARE),
  // Its text isn't known, and so neither is what it leaves behind.
  [K.EXECUTE]: opaque(pinning(StatementKind.EXECUTE, PIN.SQL_PREPARE)),
  [K.DEALLOCATE]: simple(StatementKind.DEALLOCATE),

  [K.LOCK]: readLock,
  [K.UNLOCK]: readUnlock,
  [K.FLUSH]: readFlush,
  [K.KILL]: simple(StatementKind.KILL),
  [K.BACKUP]: readBackup,
  [K.BINLOG]: admin,
  [K.CACHE]: admin,
  [K.CHANGE]: admin,
  [K.CHECK]: admin,
  [K.CHECKSUM]: admin,
  [K.CLONE]: admin,
  [K.IMPORT]: admin,
  [K.INSTALL]: admin,
  [K.OPTIMIZE]: admin,
  [K.PURGE]: admin,
  [K.REPAIR]: admin,
  [K.RESET]: admin,
  [K.RESTART]: admin,
  [K.SHUTDOWN]: admin,
  [K.STOP]: admin,
  [K.UNINSTALL]: admin,

  [K.CASE]: compound,
  [K.DECLARE]: compound,
  [K.FOR]: compound,
  [K.IF]: compound,
  [K.LOOP]: compound,
  [K.REPEAT]: compound,
  [K.WHILE]: compound,
};

/** How to read a statement, by its first word's number in KEYWORDS. */
export const READERS: readonly (Reader | undefined)[] = Object.freeze(
  Array.from({ length: 256 }, (_, word) => readers[word]),
);
