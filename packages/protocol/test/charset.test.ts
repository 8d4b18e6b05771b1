import { decodeName, textOf, utf8Bytes } from '../src/charset';

const bytes = (...codes: number[]): string => Buffer.from(codes).toString('latin1');

describe("a client's names", () => {
  it.each([
    ['utf8mb4', utf8Bytes('größe'), 'größe'],
    ['utf8mb3', utf8Bytes('größe'), 'größe'],
    ['latin1', bytes(0x67, 0xf6), 'gö'],
    ['latin1', bytes(0x80), '€'],
    ['latin2', bytes(0xb1), 'ą'],
    ['koi8r', bytes(0xc4, 0xc1), 'да'],
    ['cp1251', bytes(0xe4, 0xe0), 'да'],
    ['sjis', bytes(0x93, 0xfa), '日'],
    ['ujis', bytes(0xc6, 0xfc), '日'],
    ['gbk', bytes(0xc8, 0xd5), '日'],
    ['big5', bytes(0xa4, 0xe9), '日'],
    ['euckr', bytes(0xc0, 0xcf), '일'],
    ['cp850', 'app', 'app'],
  ])('are read in %s', (charset, name, text) => {
    expect(decodeName(name, charset)).toBe(text);
  });

  it('are not guessed', () => {
    expect(() => decodeName(bytes(0x81), 'cp850')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });

  it('go there and back', () => {
    expect(textOf(utf8Bytes('größe 日'))).toBe('größe 日');
  });
});
