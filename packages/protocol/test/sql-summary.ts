import type { Statement } from '../src/sql';

/**
 * A statement's description on one line, what is false, empty or null left out. `plain`, `ro` (readOnly),
 * `own` (repeatable, but not readOnly) and `commit` (mayCommit) come first, then `calc`, `lid` (setsLastInsertId), `assigns`, `conditional`, n:, read:, pin:, unpin:, use: and var:.
 */
export function summary(statement: Statement): string {
  const words: string[] = [statement.kind];
  if (statement.plain) words.push('plain');
  if (statement.readOnly) words.push('ro');
  else if (statement.repeatable) words.push('own');
  if (statement.mayCommit) words.push('commit');
  if (statement.calcFoundRows) words.push('calc');
  if (statement.setsLastInsertId) words.push('lid');
  if (statement.assignsUserVariables) words.push('assigns');
  if (statement.conditional) words.push('conditional');
  if (statement.statements !== 1) words.push(`n:${statement.statements}`);
  for (const read of statement.reads) words.push(`read:${read}`);
  for (const pin of statement.pins) words.push(`pin:${pin}`);
  for (const pin of statement.unpins) words.push(`unpin:${pin}`);
  if (statement.schema !== null) words.push(`use:${statement.schema}`);
  for (const name of statement.userVariables) words.push(`var:${name}`);
  return words.join(' ');
}
