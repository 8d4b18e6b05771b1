import { type Case, execute, initDb, ping, prepare, resetConnection } from '../case';
import { int } from '../parameters';

/** Sessions that the generator found once, as short as it made them. */
export const FOUND: readonly Case[] = [
  {
    title: 'a ping in a read-only transaction',
    steps: ['START TRANSACTION READ ONLY', execute('none', [int(1)]), 'SAVEPOINT s', ping(), 'COMMIT'],
  },
  {
    title: 'warnings of a statement that nobody prepared',
    steps: [
      execute('none', [int(1)]),
      'SELECT @@time_zone',
      'SHOW WARNINGS',
      execute('none', [int(1)]),
      initDb('app_diff'),
      execute('none', [int(1)]),
      'SHOW WARNINGS',
    ],
  },
  {
    title: 'warnings in a transaction after an error and a SET',
    steps: [initDb('app_missing'), "SET time_zone = '+01:00'", 'BEGIN', 'SHOW WARNINGS', 'COMMIT'],
  },
  {
    title: 'prepared under another collation',
    steps: [
      "SET @a = 'both', collation_connection = utf8mb4_bin",
      prepare('r', 'SELECT "quoted", ?'),
      execute('r', [int(1)]),
    ],
  },
  {
    title: 'collations after a reset',
    steps: [
      resetConnection(),
      "SET @a = 'both', time_zone = '+01:00'",
      "SELECT COLLATION(@a), COLLATION('x')",
      'SELECT @@collation_connection',
    ],
  },
  {
    title: 'a transaction begun in a transaction',
    steps: [
      'BEGIN',
      'START TRANSACTION READ ONLY',
      'SELECT @a := NULL',
      'ROLLBACK',
      'START TRANSACTION READ ONLY',
      'BEGIN',
      'ROLLBACK',
    ],
  },
  {
    title: 'an error in a procedure after two settings',
    setup: ['CREATE PROCEDURE tells(INOUT x INT) BEGIN SELECT x; SET x = x + 1; END'],
    steps: ["SET @a = 'both', time_zone = '+01:00'", "SET time_zone = '+01:00'", 'CALL tells(@a)'],
  },
];
