/** A server's text on one line, without what a terminal would obey. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
