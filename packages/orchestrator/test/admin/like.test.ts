import { isLike } from '../../src/admin/like';

test.each([
  ['shop.hold.max', 'shop.hold.max', true],
  ['shop.hold.max', 'SHOP.%', true],
  ['shop.hold.max', '%max', true],
  ['shop.hold.max', '%hold%', true],
  ['shop.hold.max', 'shop_hold_max', true],
  ['shop.hold.max', '%', true],
  ['shop.hold.max', '%%x%%', true],
  ['aab', '%ab', true],
  ['', '', true],
  ['', '%', true],
  ['', '_', false],
  ['shop.hold.max', '', false],
  ['shop.hold.max', 'hold', false],
  ['shop.hold.max', 'shop.hold.max_', false],
  ['shop.hold.max', '%min', false],
  ['a.c', 'abc', false],
  ['(', '(', true],
])('%j LIKE %j: %s', (text, pattern, expected) => expect(isLike(text, pattern)).toBe(expected));

test('no pattern takes long', () => {
  const began = performance.now();
  expect(isLike('a'.repeat(64), `${'%a'.repeat(40)}%b`)).toBe(false);
  expect(isLike('a'.repeat(64), '%a'.repeat(500_000))).toBe(false);
  expect(performance.now() - began).toBeLessThan(1000);
});
