import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { classify } from '@myswitch/protocol';
import type { TestServer } from '@myswitch/testkit';
import type { Connection, RowDataPacket } from 'mysql2/promise';

const SQL = join(__dirname, '../../../packages/protocol/src/sql');

/** Every word that the classifier has heard of. */
function knownWords(): string[] {
  const texts = ['known-words.ts', 'keywords.ts'].map((file) => readFileSync(join(SQL, file), 'utf8'));
  return [...new Set(texts.join(' ').match(/\b[A-Z][A-Z0-9_]+\b/g))];
}

const SCHEMA = 'app_names';
const ARGUMENTS = ['a INT', 'b INT', 'c INT'];
const GAPS = ['', ' ', '/**/', '\n'];

/** Stored functions of these names are there, and write: none is called by a statement that is called read-only. */
export async function judgeNames(server: TestServer, arities: readonly number[]): Promise<void> {
  // as clients do by default; drivers may set CLIENT_IGNORE_SPACE
  const admin = await server.connect({ flags: ['-IGNORE_SPACE'] });
  try {
    await admin.query('SET SESSION sql_log_bin = 0');
    await admin.query(`CREATE DATABASE ${SCHEMA}`);
    await admin.query(`USE ${SCHEMA}`);
    await admin.query('CREATE TABLE log (name VARCHAR(80))');
    const words = knownWords();
    expect(words.length).toBeGreaterThan(500);
    for (const arity of arities) for (const word of words) await tryName(admin, word, arity);
    const [called] = await admin.query<RowDataPacket[]>('SELECT DISTINCT name FROM log');
    expect(called.map(({ name }) => String(name))).toEqual([]);
    await admin.query(`DROP DATABASE ${SCHEMA}`);
  } finally {
    admin.destroy();
  }
}

async function tryName(admin: Connection, word: string, arity: number): Promise<void> {
  const values = ['1', '2', '3'].slice(0, arity).join();
  const asked = GAPS.map((gap) => `SELECT ${word}${gap}(${values})`).filter((sql) => classify(sql).readOnly);
  if (asked.length === 0 || word === 'SLEEP') return;
  const list = ARGUMENTS.slice(0, arity).join();
  const body = `BEGIN INSERT INTO log VALUES ('${word}/${arity}'); RETURN 1; END`;
  await admin.query(`CREATE FUNCTION \`${word}\`(${list}) RETURNS INT ${body}`);
  for (const sql of asked) await admin.query(sql).catch(() => undefined); // most are called with arguments that they refuse
  await admin.query(`DROP FUNCTION \`${word}\``);
}
