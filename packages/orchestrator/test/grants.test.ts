import { accountDifferences, fingerprintAccounts } from '../src/dialects/accounts';
import { accountOf, missingGrants } from '../src/dialects/grants';

const needs = [
  { privilege: 'PROCESS', on: '*.*' },
  { privilege: 'XA_RECOVER_ADMIN', on: '*.*' },
  { privilege: 'SELECT', on: 'mysql.user' },
  { privilege: 'INSERT', on: 'myswitch.*' },
];

const missing = (...lines: readonly string[]): readonly string[] =>
  missingGrants(
    lines.map((line) => ({ 'Grants for x@%': line })),
    needs,
    '`x`@`%`',
  );

test.each<[string, string[], string[]]>([
  [
    'everything, one by one',
    [
      'GRANT PROCESS, XA_RECOVER_ADMIN ON *.* TO `x`@`%`',
      'GRANT SELECT ON `mysql`.`user` TO `x`@`%`',
      'GRANT INSERT ON `myswitch`.* TO `x`@`%`',
    ],
    [],
  ],
  ['all privileges', ['GRANT ALL PRIVILEGES ON *.* TO `x`@`%` WITH GRANT OPTION'], []],
  [
    'a whole schema',
    [
      'GRANT PROCESS,XA_RECOVER_ADMIN ON *.* TO `x`@`%`',
      'GRANT SELECT ON `mysql`.* TO `x`@`%`',
      'GRANT ALL PRIVILEGES ON `myswitch`.* TO `x`@`%`',
    ],
    [],
  ],
  [
    'nothing',
    ["GRANT USAGE ON *.* TO `x`@`%` IDENTIFIED BY PASSWORD '*AB'"],
    ['PROCESS', 'XA_RECOVER_ADMIN', 'SELECT', 'INSERT'],
  ],
  [
    'another schema',
    ['GRANT PROCESS, XA_RECOVER_ADMIN, SELECT ON *.* TO `x`@`%`', 'GRANT INSERT ON `shop`.* TO `x`@`%`'],
    ['INSERT'],
  ],
])('%s', (_title, lines, lacking) => {
  expect(missing(...lines).map((statement) => statement.split(' ')[1])).toEqual(lacking);
});

test('what lacks is a statement to run', () => {
  expect(missing('GRANT USAGE ON *.* TO `x`@`%`')[2]).toBe('GRANT SELECT ON mysql.user TO `x`@`%`');
  expect(accountOf('we`ird@10.0.%')).toBe('`we``ird`@`10.0.%`');
});

const rows = (hash: string, changed: string) => [
  [
    { User: 'app', Host: '%', authentication_string: hash, password_last_changed: changed },
    { User: 'root', Host: 'localhost', authentication_string: changed },
    { User: 'json', Host: '%', Priv: `{"access":1,"password_last_changed": ${changed}}` },
  ],
  [{ User: 'app', Host: '%', Db: 'shop' }],
];

test('accounts differ by definition or grants; the machine itself and dates do not count', () => {
  const a = fingerprintAccounts(rows('x', '1'));
  expect(accountDifferences(a, fingerprintAccounts(rows('x', '2')))).toEqual([]);
  expect(accountDifferences(a, fingerprintAccounts(rows('y', '1')))).toEqual(["'app'@'%'"]);
  expect(accountDifferences(a, fingerprintAccounts(rows('x', '1').slice(0, 1)))).toEqual(["'app'@'%'"]);
});
