export { causesOf, type Cause } from './causes';
export { classify } from './classify';
export { ASSIGN, DEFAULT_SQL_MODE, Lexer, Reading, Token, type SqlMode } from './lexer';
export { mayLoadLocalFile } from './local-file';
export { readPreparedText, type PreparedText } from './prepared-text';
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
export { substituteCalls } from './substitute';
export { WordTable } from './words';
