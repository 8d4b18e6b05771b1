import { StatementCache } from '../src/backend/statement-cache';

const open = (id: number) => ({ id, types: null });

function filled(count: number): StatementCache {
  const cache = new StatementCache();
  for (let id = 0; id < count; id++) cache.set(`key${id}`, open(id));
  return cache;
}

test('keeps the 128 that were used last; the others are to be closed, once', () => {
  const cache = filled(128);
  cache.get('key0');
  cache.set('one more', open(1000));
  expect(cache.get('key0')).toMatchObject({ id: 0 });
  expect(cache.get('key1')).toBeUndefined();
  expect(cache.takeDropped()).toEqual([1]);
  expect(cache.takeDropped()).toEqual([]);
});

test('the same text prepared again replaces the statement', () => {
  const cache = new StatementCache();
  cache.set('key', open(1));
  cache.set('key', open(2));
  expect(cache.get('key')).toMatchObject({ id: 2 });
  expect(cache.takeDropped()).toEqual([1]);
});

test('a statement in use is never dropped, and is like others afterwards', () => {
  const cache = filled(1);
  cache.keep('key0', true);
  for (let id = 1; id < 300; id++) cache.set(`key${id}`, open(id));
  expect(cache.get('key0')).toMatchObject({ id: 0 });
  expect(cache.takeDropped()).not.toContain(0);
  cache.keep('key0', false);
  expect(cache.get('key0')).toMatchObject({ id: 0 });
  for (let id = 300; id < 500; id++) cache.set(`key${id}`, open(id));
  expect(cache.get('key0')).toBeUndefined();
  expect(cache.takeDropped()).toContain(0);
});

test('one that was never executed can be claimed for types, once', () => {
  const cache = new StatementCache();
  cache.set('text', open(1));
  expect(cache.claim('text', 'text with types')).toMatchObject({ id: 1 });
  expect(cache.get('text')).toBeUndefined();
  expect(cache.claim('text', 'text with other types')).toBeUndefined();
  const executed = { id: 2, types: Buffer.of(8, 0) };
  cache.set('text', executed);
  expect(cache.claim('text', 'text with other types')).toBeUndefined();
  expect(cache.takeDropped()).toEqual([]);
  expect(cache.size).toBe(2);
});

test('what is deleted is to be closed, in use or not; what the server forgot is not', () => {
  const cache = filled(4);
  cache.keep('key1', true);
  cache.delete('key0');
  cache.delete('key1');
  expect(cache.takeDropped()).toEqual([0, 1]);
  cache.keep('key2', true);
  cache.clear();
  expect(cache.size).toBe(0);
  expect(cache.takeDropped()).toEqual([]);
});
