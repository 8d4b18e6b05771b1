import { ProtocolError } from './errors';

/** Labels of the WHATWG Encoding Standard for the servers' character sets, where they are not UTF-8 and have one. */
const ENCODINGS: ReadonlyMap<string, string> = new Map([
  ['latin2', 'iso-8859-2'],
  ['latin5', 'windows-1254'],
  ['latin7', 'iso-8859-13'],
  ['greek', 'iso-8859-7'],
  ['hebrew', 'iso-8859-8'],
  ['cp1250', 'windows-1250'],
  ['cp1251', 'windows-1251'],
  ['cp1256', 'windows-1256'],
  ['cp1257', 'windows-1257'],
  ['cp866', 'ibm866'],
  ['koi8r', 'koi8-r'],
  ['koi8u', 'koi8-u'],
  ['tis620', 'windows-874'],
  ['macroman', 'macintosh'],
  ['big5', 'big5'],
  ['gb2312', 'gbk'],
  ['gbk', 'gbk'],
  ['gb18030', 'gb18030'],
  ['sjis', 'shift_jis'],
  ['cp932', 'shift_jis'],
  ['ujis', 'euc-jp'],
  ['eucjpms', 'euc-jp'],
  ['euckr', 'euc-kr'],
]);

/** 0x80 to 0x9f of the servers' latin1, which is windows-1252. Not by TextDecoder: in Node 20 that gives control characters. */
const HIGH = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

const UTF8: ReadonlySet<string> = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'ascii', 'binary']);

/**
 * A client's name for something, as text. `bytes`: as latin1; `charset`: a server's name of a character set.
 * Throws ProtocolError UNSUPPORTED for one that is not known here (dec8, hp8, swe7, cp850, cp852, armscii8, geostd8,
 * keybcs2, macce), where the name is not ASCII.
 */
export function decodeName(bytes: string, charset: string): string {
  if (/^[ -~]*$/.test(bytes)) return bytes;
  if (UTF8.has(charset)) return textOf(bytes);
  if (charset === 'latin1') return bytes.replace(/[\u0080-\u009f]/g, (byte) => HIGH[byte.charCodeAt(0) - 0x80]!);
  const encoding = ENCODINGS.get(charset);
  if (encoding === undefined) throw new ProtocolError('UNSUPPORTED', `a name in ${charset}`);
  return new TextDecoder(encoding).decode(Buffer.from(bytes, 'latin1'));
}

/** The bytes of a text in UTF-8, as latin1. */
export function utf8Bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The reverse. */
export function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
