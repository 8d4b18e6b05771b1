export { classify } from './classify';
export { ASSIGN, DEFAULT_SQL_MODE, Lexer, Reading, Token, type SqlMode } from './lexer';
export { mayLoadLocalFile } from './local-file';
export { quoteIdentifier, quoteString } from './quote';
export {
  Diagnostic,
  PinReason,
  StatementKind,
  type Assignment,
  type SqlValue,
  type Statement,
  type VariableScope,
} from './statement';
export { WordTable } from './words';
