import { createHash } from 'node:crypto';
import type { AcceptedLogin, Credential } from '@myswitch/protocol';
import { Account } from '../src/accounts/account';
import { AccountTable, type Candidate } from '../src/accounts/account-table';
import { LearnedRow } from '../src/accounts/learned-row';
import { accountRow, nativeHash } from './rows';

const HERE = { address: '10.0.0.1' };
const native = (password: string): Credential => ({
  kind: 'native',
  stage1: createHash('sha1').update(password).digest(),
});

function login(table: AccountTable, user: string, password: string, host = HERE): Account | null {
  const { account } = table.find(user, host);
  if (account === null) return null;
  const accepted = {
    kind: 'accepted',
    user,
    account,
    credential: native(password),
    stored: nativeHash(password),
  } as unknown as AcceptedLogin<Candidate>;
  return table.proved(accepted);
}

describe('the accounts of a pool', () => {
  let table: AccountTable;
  beforeEach(() => {
    table = new AccountTable([{ name: 'app', password: 'configured' }]);
  });

  it('of the configuration win over rows of the same name', () => {
    table.replace([accountRow('app', '%'), accountRow('', '%')], true);
    const found = table.find('app', HERE);
    expect(found.account).toBeInstanceOf(Account);
    expect(found.methods).toEqual([{ kind: 'password', password: Buffer.from('configured') }]);
    expect(table.find('other', HERE).account).toBeInstanceOf(LearnedRow);
  });

  it('are one row for each address', () => {
    table.replace([accountRow('joe', '%'), accountRow('joe', '10.0.0.1'), accountRow('', '10.0.%')], true);
    const row = (address: string): string => (table.find('joe', { address }).account as LearnedRow).name;
    expect(row('10.0.0.1')).toBe('joe@10.0.0.1');
    expect(row('10.0.0.2')).toBe('@10.0.%');
    expect(row('10.1.0.1')).toBe('joe@%');
  });

  it('nobody looks like somebody, always the same, and is let in by nothing', () => {
    expect(table.find('nobody', HERE)).toMatchObject({ account: null, methods: [{ kind: 'password' }] });
    const rows = Array.from({ length: 20 }, (_, i) => accountRow(`u${i}`, '%', { authentication: nativeHash(`${i}`) }));
    table.replace(rows, true);
    const first = table.find('nobody', HERE);
    expect(first.account).toBeNull();
    expect(table.find('nobody', HERE).methods).toBe(first.methods);
    const looks = new Set(Array.from({ length: 200 }, (_, i) => table.find(`nobody${i}`, HERE).methods));
    expect(looks.size).toBeGreaterThan(5);
    // also like one of the configuration
    expect([...looks].some(([method]) => method?.kind === 'password')).toBe(true);
  });

  it('without a way in that can be checked here they look like nobody, but are told', () => {
    table.replace([accountRow('owner', '%', { plugin: 'unix_socket', authentication: '' })], true);
    expect(table.find('owner', HERE).account).toBeNull();
    expect(table.rowWithoutMethods('owner', HERE)?.name).toBe('owner@%');
    expect(table.rowWithoutMethods('nobody', HERE)).toBeNull();
  });

  it('are the same for the same password, however often the rows are told', () => {
    table.replace([accountRow('joe', '%')], true);
    const account = login(table, 'joe', 'secret');
    table.replace([accountRow('joe', '%', { locked: true })], true);
    expect(login(table, 'joe', 'secret')).toBe(account);
    expect(account).toMatchObject({ name: 'joe', row: 'joe@%', credential: native('secret') });
  });

  it('with a new password are others, and old sessions go over to them', () => {
    table.replace([accountRow('joe', '%')], true);
    const old = login(table, 'joe', 'secret')!;
    table.replace([accountRow('joe', '%', { authentication: nativeHash('new') })], true);
    expect(old.credential).toBeNull();
    expect(old.current).toBe(old);
    expect(login(table, 'joe', 'secret')).toBeNull();
    const fresh = login(table, 'joe', 'new')!;
    expect(fresh).not.toBe(old);
    expect(old.current).toBe(fresh);
    table.replace([accountRow('joe', '%', { authentication: nativeHash('newer') })], true);
    const newest = login(table, 'joe', 'newer')!;
    expect(old.current).toBe(newest);
  });

  it('dropped and made again are others, and old sessions have nothing of them', () => {
    table.replace([accountRow('joe', '%')], true);
    const old = login(table, 'joe', 'secret')!;
    table.replace([], true);
    expect(old.credential).toBeNull();
    expect(login(table, 'joe', 'secret')).toBeNull();
    table.replace([accountRow('joe', '%')], true);
    const fresh = login(table, 'joe', 'secret')!;
    expect(fresh).not.toBe(old);
    expect(old.current).toBe(old);
  });

  it('that change while a login is checked let it in no more', () => {
    table.replace([accountRow('joe', '%')], true);
    const { account } = table.find('joe', HERE);
    const accepted = { user: 'joe', account, credential: native('secret'), stored: nativeHash('secret') };
    table.replace([accountRow('joe', '%', { authentication: nativeHash('new') })], true);
    expect(table.proved(accepted as unknown as AcceptedLogin<Candidate>)).toBeNull();
    table.replace([], true);
    expect(table.proved(accepted as unknown as AcceptedLogin<Candidate>)).toBeNull();
  });

  it('an anonymous one is another for each name', () => {
    table.replace([accountRow('', '%')], true);
    const [one, two] = [login(table, 'one', 'secret')!, login(table, 'two', 'secret')!];
    expect([one.name, one.row, two.name, two.row]).toEqual(['one', '@%', 'two', '@%']);
    expect(login(table, 'one', 'secret')).toBe(one);
    table.forget(new Set([two]));
    expect(login(table, 'one', 'secret')).not.toBe(one);
    expect(login(table, 'two', 'secret')).toBe(two);
  });

  it('under an anonymous row there are a thousand names at most', () => {
    table.replace([accountRow('', '%')], true);
    for (let i = 0; i < 1000; i++) expect(login(table, `n${i}`, 'secret')).not.toBeNull();
    expect(login(table, 'one more', 'secret')).toBeNull();
    table.forget(new Set());
    expect(login(table, 'one more', 'secret')).not.toBeNull();
  });

  it('a password that MySQL retains goes on, with the backends of before', () => {
    table.replace([accountRow('joe', '%')], false);
    const account = login(table, 'joe', 'secret')!;
    const rotated = { authentication: nativeHash('new'), second: nativeHash('secret') };
    table.replace([accountRow('joe', '%', rotated)], false);
    expect(login(table, 'joe', 'secret')).toBe(account);
    expect(login(table, 'joe', 'new')).toBe(account);
    table.replace([accountRow('joe', '%', { authentication: nativeHash('new') })], false);
    expect(account.credential).toEqual(native('new'));
    expect(login(table, 'joe', 'secret')).toBeNull();
  });

  it.each([[true], [false]])('alternatives are tried in their order, the row’s own once (listed: %s)', (listed) => {
    const own = { plugin: 'mysql_native_password', authentication: nativeHash('own') };
    const other = { plugin: 'mysql_native_password', authentication: nativeHash('other') };
    const alternatives = listed ? [other, own] : [other];
    table.replace([accountRow('joe', '%', { ...own, alternatives })], true);
    const stored = table
      .find('joe', HERE)
      .methods.map((method) => method.kind === 'native' && method.hashes[0]?.stored);
    const expected = [other.authentication, own.authentication];
    expect(stored).toEqual(listed ? expected : expected.toReversed());
  });
});
