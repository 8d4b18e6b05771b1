import type { TestServer } from '../server';

/**
 * The ledger: transfers move amounts between accounts, and every write leaves one row whose id its client chose. The id is
 * no key, so that a write done twice is seen and not refused.
 */
const TABLES = [
  `CREATE TABLE shop.account (id INT PRIMARY KEY, balance BIGINT NOT NULL) ENGINE = InnoDB`,
  `CREATE TABLE shop.ledger (
     seq BIGINT AUTO_INCREMENT PRIMARY KEY,
     client INT NOT NULL,
     id BIGINT NOT NULL,
     source INT NULL,
     target INT NULL,
     amount INT NOT NULL,
     KEY (client, id)) ENGINE = InnoDB`,
];

export const ACCOUNT_COUNT = 256;
export const OPENING_BALANCE = 1_000_000;

/** Every second client works in this schema and names its tables in full. */
export const OTHER_SCHEMA = 'app_ledger';

/** Makes an empty ledger, dropping an earlier one. */
export async function createLedger(primary: TestServer): Promise<void> {
  await primary.sql('DROP TABLE IF EXISTS shop.ledger, shop.account');
  await primary.sql(`CREATE DATABASE IF NOT EXISTS ${OTHER_SCHEMA}`);
  for (const table of TABLES) await primary.sql(table);
  const rows = Array.from({ length: ACCOUNT_COUNT }, (_, id) => `(${id}, ${OPENING_BALANCE})`);
  await primary.sql(`INSERT INTO shop.account VALUES ${rows.join(', ')}`);
}
