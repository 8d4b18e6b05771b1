import { HostPattern } from '../src/accounts/host-pattern';
import { mariadbOrder, mysqlOrder, type Ordered } from '../src/accounts/row-order';

describe('a host pattern', () => {
  const matches = (text: string, address: string | null, cidr = true): boolean =>
    new HostPattern(text, cidr).matches({ address });

  it.each([
    ['%', '10.1.2.3', true],
    ['', '10.1.2.3', true],
    ['10.1.%', '10.1.2.3', true],
    ['10.1.%', '10.11.2.3', false],
    ['10.1.2._', '10.1.2.3', true],
    ['10.1.2._', '10.1.2.33', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10x1.2.3', false],
    ['10.1.2\\.3', '10.1.2.3', true],
    ['10.1.2.\\_', '10.1.2._', true],
    ['10.1.2.\\_', '10.1.2.3', false],
    ['192.168.0.0/255.255.0.0', '192.168.77.1', true],
    ['192.168.0.0/255.255.0.0', '192.169.77.1', false],
    ['192.168.0.1/255.255.0.0', '192.168.0.1', false],
    ['192.168.0.0/16', '192.168.77.1', true],
    ['192.168.0.0/17', '192.168.177.1', false],
    ['192.168.0.0/33', '192.168.0.0', false],
    ['2001:db8::%', '2001:db8::5', true],
    ['2001:db8::5', '2001:DB8::5', true],
    ['10.0.0.0/255.0.0.0', '::1', false],
    ['localhost', '127.0.0.1', false],
    ['db.example.com', '10.1.2.3', false],
  ])('%j and %j: %s', (text, address, expected) => expect(matches(text, address)).toBe(expected));

  it('a Unix-domain socket is localhost, and no network', () => {
    for (const text of ['localhost', 'LOCALHOST', '%', 'local%', '']) expect(matches(text, null)).toBe(true);
    for (const text of ['127.0.0.1', '127.0.0.0/255.0.0.0', 'localhos', '::1']) expect(matches(text, null)).toBe(false);
  });

  it('a.b.c.d/n is a network to MySQL only', () => {
    expect(matches('10.0.0.0/8', '10.1.2.3', true)).toBe(true);
    expect(matches('10.0.0.0/8', '10.1.2.3', false)).toBe(false);
  });

  it('takes no time that grows with more than the text', () => {
    const text = '%a'.repeat(30);
    const started = Date.now();
    expect(matches(text, 'a'.repeat(45))).toBe(true);
    expect(matches(`${text}b`, 'a'.repeat(45))).toBe(false);
    expect(Date.now() - started).toBeLessThan(1000);
  });
});

describe('rows are sorted', () => {
  const sorted = (order: (a: Ordered, b: Ordered) => number, names: readonly string[]): string[] => {
    const rows = names.map((name) => {
      const [user, host] = name.split('@') as [string, string];
      return { user, host: new HostPattern(host, order === mysqlOrder) };
    });
    return rows.toSorted(order).map(({ user, host }) => `${user}@${host.text}`);
  };

  // measured: what each server took for m@127.0.0.1, one after the other
  const MARIADB = [
    ['m@127.0.0.1/255.255.255.255', 'm@127.0.0.1', 'm@127.0.0.0/255.255.255.0', 'm@127.0.0.0/255.0.0.0'],
    ['@127.0.0.1', '@127.0.0.0/255.0.0.0', 'm@_27.0.0.1', 'm@127.0.0._', 'm@1__.0.0.1', 'm@127._._.1'],
    ['m@127.0.0.1%', 'm@%27.0.0.1', 'm@127.0.%.1', '@127.0.%.1', 'm@127.0.0.%', 'm@127%.0%.1', 'm@%.0.0.1'],
    ['m@127.0.%', 'm@127.%', 'm@%0.1', 'm@%.%.%.%', 'm@1%1', 'm@12%', 'm@%1', 'm@1%', '@1%', 'm@%', '@%'],
  ].flat();
  const MYSQL = [
    ['m@127.0.0.1', '@127.0.0.1', 'm@127.0.0.1%', 'm@127.0.0.1/32', '@127.0.0.1/32', 'm@127.0.0.0/24'],
    ['m@127.0.0.0/8', 'm@127.0.0.1/255.255.255.255', 'm@127.0.0.0/255.255.0.0', 'm@127.0.0.0/255.0.0.0'],
    ['m@127.0.0.%', '@127.0.0.%', 'm@127.0.%', '@127.0.%', 'm@127.%', 'm@127%.0%.1', 'm@12%', 'm@1%', 'm@%1'],
    ['m@%', '@%', 'm@', '@'],
  ].flat();

  it.each([
    ['MariaDB', mariadbOrder, MARIADB],
    ['MySQL', mysqlOrder, MYSQL],
  ])('as by %s', (_, order, names) => {
    expect(sorted(order, names.toReversed())).toEqual(names);
    expect(sorted(order, names.toSorted())).toEqual(names);
  });
});
