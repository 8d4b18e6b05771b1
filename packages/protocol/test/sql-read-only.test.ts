import { CORPUS } from '../../../tests/src/classifier/corpus';
import { isCalledReadOnly } from '../../../tests/src/classifier/labels';

const all = Object.values(CORPUS).flat();
const short = (sql: string): string => (sql.length > 100 ? `${sql.slice(0, 100)}…` : sql);

describe('readOnly, on statements with a label of their own', () => {
  it('is looked at with at least 500 different ones', () => {
    const different = new Set(all.map(({ sql, kind, sqlMode }) => JSON.stringify([sql, kind, sqlMode])));
    expect(different.size).toBe(all.length);
    expect(all.length).toBeGreaterThanOrEqual(500);
  });

  it.each(Object.entries(CORPUS))('is said of reads only: %s', (_family, statements) => {
    const wrong = statements.filter((one) => one.label !== 'read' && isCalledReadOnly(one));
    expect(wrong).toEqual([]);
  });

  it('is said of every usual form of a SELECT', () => {
    expect(CORPUS['plain reads']!.filter((one) => !isCalledReadOnly(one)).map(({ sql }) => sql)).toEqual([]);
  });

  it('misses only these reads', () => {
    const reads = all.filter(({ label }) => label === 'read');
    const missed = reads.filter((one) => !isCalledReadOnly(one));
    expect({ of: reads.length, missed: missed.map(({ sql }) => short(sql)) }).toMatchSnapshot();
  });
});
