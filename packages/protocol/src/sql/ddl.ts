import { Char } from './characters';
import { PIN } from './findings';
import { K } from './keywords';
import type { Scanner } from './scanner';
import { StatementKind } from './statement';
import { passStoredProgram } from './stored-program';

export function readCreate(scanner: Scanner): StatementKind {
  return readDefinition(scanner, true);
}

export function readAlter(scanner: Scanner): StatementKind {
  return readDefinition(scanner, false);
}

/** CREATE and ALTER: the kind of object comes after any number of attributes such as DEFINER = 'a'@'b'. */
function readDefinition(scanner: Scanner, creates: boolean): StatementKind {
  scanner.accounts = true;
  for (; !scanner.atEnd(); scanner.advance()) {
    if (scanner.after(Char.EQUALS)) continue; // the value of an attribute
    switch (scanner.word()) {
      case K.TEMPORARY:
        if (creates) scanner.found.pins |= PIN.TEMPORARY_TABLE;
        continue;
      case K.USER:
      case K.ROLE:
        scanner.rest();
        return StatementKind.GRANT;
      case K.INSTANCE:
        scanner.rest();
        return StatementKind.ADMIN;
      case K.EVENT:
      case K.FUNCTION:
      case K.LIBRARY:
      case K.PACKAGE:
      case K.PROCEDURE:
      case K.TRIGGER:
        scanner.advance();
        passStoredProgram(scanner);
        return StatementKind.DDL;
      case K.INDEX:
      case K.OTHER_OBJECT:
      case K.RESERVED_OBJECT:
      case K.TABLE:
        scanner.accounts = false;
        scanner.rest();
        return StatementKind.DDL;
    }
  }
  return StatementKind.DDL;
}

export function readDrop(scanner: Scanner): StatementKind {
  const word = scanner.word();
  scanner.accounts = true;
  scanner.rest();
  if (word === K.PREPARE) return StatementKind.DEALLOCATE;
  return word === K.USER || word === K.ROLE ? StatementKind.GRANT : StatementKind.DDL;
}

export function readRename(scanner: Scanner): StatementKind {
  const kind = scanner.word() === K.USER ? StatementKind.GRANT : StatementKind.DDL;
  scanner.accounts = true;
  scanner.rest();
  return kind;
}
