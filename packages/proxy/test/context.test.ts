import { replayStatement, SessionContext } from '../src/session/context';

const context = (variables: Record<string, string>, user: Record<string, string> = {}, schema: string | null = null) =>
  new SessionContext(schema, new Map(Object.entries(variables)), new Map(Object.entries(user)));

describe('the SET that turns one session into another', () => {
  test('is none between equal ones', () => {
    expect(
      replayStatement(context({ sql_mode: "''" }, { a: '1' }), context({ sql_mode: "''" }, { a: '1' })),
    ).toBeNull();
  });

  test('sets what differs, and puts back what the other one did not set', () => {
    const set = replayStatement(context({ sql_mode: "'ANSI'", time_zone: "'+01:00'" }), context({ sql_mode: "''" }));
    expect(set).toBe("SET SESSION sql_mode='',SESSION time_zone=DEFAULT");
  });

  test('names the variables of the character set together, the collation last', () => {
    const charset = (name: string, collation: string) => ({
      collation_connection: `'${collation}'`,
      character_set_client: `'${name}'`,
      character_set_connection: `'${name}'`,
      character_set_results: `'${name}'`,
    });
    const from = context(charset('utf8mb4', 'utf8mb4_bin'));
    expect(replayStatement(from, context(charset('latin1', 'latin1_bin')))).toBe(
      "SET NAMES 'latin1' COLLATE 'latin1_bin'",
    );
    const mixed = { ...charset('latin1', 'latin1_bin'), character_set_results: 'NULL' };
    const set = replayStatement(from, context(mixed))!;
    expect(set.indexOf('character_set_connection')).toBeLessThan(set.indexOf('collation_connection'));
    expect(set.match(/SESSION /g)).toHaveLength(4);
  });

  test('user variables: quoted, and NULL where the other one has none', () => {
    expect(replayStatement(context({}, { 'a`b': '1', c: '2' }), context({}, { 'a`b': '5' }))).toBe(
      "SET @`a``b`=5,@`c`=X'',@`c`=NULL",
    );
  });
});

describe('equality', () => {
  test('does not depend on the order in which things were set', () => {
    expect(context({ a: '1', b: '2' }).equals(context({ b: '2', a: '1' }))).toBe(true);
  });

  test('a statement prepared in one is good in the other with the same schema and reading of texts', () => {
    const base = context({ sql_mode: '1', time_zone: '2' }, { x: '1' }, 'shop');
    expect(base.statementKey).toBe(context({ sql_mode: '1' }, { x: '2' }, 'shop').statementKey);
    expect(base.statementKey).not.toBe(context({ sql_mode: '1' }, {}, null).statementKey);
    expect(base.statementKey).not.toBe(context({ sql_mode: '2' }, {}, 'shop').statementKey);
  });

  test('a user variable that was set to NULL is as good as never set', () => {
    const set = context({}, { x: '1' }).withValues(new Map(), new Map([['x', 'NULL']]));
    expect(set.equals(context({}))).toBe(true);
  });
});
