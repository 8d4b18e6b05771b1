import { clearCredential } from '@myswitch/protocol';
import { Account } from '../src/accounts/account';

const account = (password = 'secret'): Account => new Account('app', 'app@%', clearCredential(password));

test('clients of one address have one account, with what the account itself has', () => {
  const all = account();
  const here = all.at('10.0.0.1');
  expect(all.at('10.0.0.1')).toBe(here);
  expect(all.at('10.0.0.2')).not.toBe(here);
  expect(all.at(null)).toBe(all);
  expect([here.name, here.row, here.address, here.origin]).toEqual(['app', 'app@%', '10.0.0.1', all]);
  expect([all.address, all.origin]).toEqual([null, all]);
  all.renew(clearCredential('other'));
  expect(here.credential).toEqual(clearCredential('other'));
});

test('another password takes them along', () => {
  const [former, next] = [account(), account('new')];
  const here = former.at('10.0.0.1');
  former.retire();
  expect(here.credential).toBeNull();
  expect(here.current).toBe(here);
  former.succeededBy(next);
  expect(here.current).toBe(next.at('10.0.0.1'));
});

test('addresses that nobody uses are forgotten', () => {
  const all = account();
  const [used, unused] = [all.at('10.0.0.1'), all.at('10.0.0.2')];
  all.forget(new Set([all, used]));
  expect(all.at('10.0.0.1')).toBe(used);
  expect(all.at('10.0.0.2')).not.toBe(unused);
});
