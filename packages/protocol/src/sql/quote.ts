/**
 * A string literal with this value, for the default SqlMode.
 *
 * Quotes and backslashes are doubled, and a quote is never written as `\'`. So no value ends the literal early under
 * NO_BACKSLASH_ESCAPES either; there a backslash merely arrives doubled. Not for character sets in which a backslash
 * may be the second byte of a character (sjis, cp932, big5, gbk, gb18030): speak utf8mb4.
 */
export function quoteString(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** A name in backticks, which no SqlMode reads differently. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
