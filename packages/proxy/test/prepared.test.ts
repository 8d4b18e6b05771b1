import { StatementCache } from '../src/backend/statement-cache';
import { NO_STATEMENT } from '../src/commands/no-statement';
import { SessionContext } from '../src/session/context';
import { PreparedStatements } from '../src/session/prepared-statements';

const MIB = 1 << 20;
const CONTEXT = new SessionContext(null, new Map(), new Map());

describe('PreparedStatements', () => {
  test('have room for 32 MiB of text, and for one statement of any length', () => {
    const statements = new PreparedStatements();
    expect(statements.hasRoomFor(60 * MIB)).toBe(true);
    const added = [1, 2].map(() => statements.add(Buffer.alloc(16 * MIB), NO_STATEMENT, [], CONTEXT, 0));
    expect(statements.hasRoomFor(1)).toBe(false);
    statements.delete(added[0]!.id);
    statements.delete(added[0]!.id);
    expect(statements.hasRoomFor(16 * MIB)).toBe(true);
    expect(statements.hasRoomFor(16 * MIB + 1)).toBe(false);
    statements.clear();
    expect(statements.hasRoomFor(60 * MIB)).toBe(true);
  });
});

describe('StatementCache', () => {
  const key = (name: string): string => name.repeat(MIB);

  test('closes the least recently used beyond 4 MiB of text, never the last one', () => {
    const cache = new StatementCache();
    for (const [id, name] of ['a', 'b', 'c', 'd', 'e'].entries()) cache.set(key(name), { id, types: null });
    expect(cache.size).toBe(4);
    expect(cache.takeDropped()).toEqual([0]);
    cache.set('x'.repeat(5 * MIB), { id: 5, types: null });
    expect(cache.takeDropped()).toEqual([1, 2, 3, 4]);
    expect(cache.get('x'.repeat(5 * MIB))?.id).toBe(5);
  });

  test('counts one that moves, stays open for a while, or is prepared anew just once', () => {
    const cache = new StatementCache();
    cache.set(key('a'), { id: 1, types: null });
    cache.claim(key('a'), key('b'));
    cache.keep(key('b'), true);
    cache.keep(key('b'), false);
    cache.set(key('b'), { id: 2, types: null });
    expect(cache.takeDropped()).toEqual([1]);
    for (const [id, name] of ['c', 'd', 'e'].entries()) cache.set(key(name), { id, types: null });
    expect(cache.size).toBe(4);
    cache.clear();
    for (const [id, name] of ['c', 'd', 'e', 'f'].entries()) cache.set(key(name), { id, types: null });
    expect(cache.size).toBe(4);
  });
});
