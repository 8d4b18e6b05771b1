import { CORPUS } from './corpus';
import { statements } from './generator';
import { isCalledReadOnly } from './labels';
import type { Replica } from './replica';

/** Those that are called read-only, on a server of this kind; on the other kind's statements too: no error is a fault. */
export async function judgeCorpus(replica: Replica): Promise<void> {
  const called = Object.values(CORPUS).flat().filter(isCalledReadOnly);
  const { faults, answered } = await replica.faults(called);
  expect(faults).toEqual([]);
  // most of them are not refused for another reason
  expect(answered).toBeGreaterThan(called.length * 0.7);
}

const CAUGHT: readonly string[] = [
  'SELECT w()',
  'SELECT COUNT (1)',
  'DELETE FROM t',
  "SELECT GET_LOCK('a', 0)",
  'SELECT LAST_INSERT_ID(7)',
  'SELECT @x := 1',
  'SELECT * FROM t LOCK IN SHARE MODE',
  'SELECT @@sql_mode FROM u FOR UPDATE',
  'CREATE TEMPORARY TABLE x (a INT)',
  'HANDLER t OPEN',
  'DO 1',
  "SELECT 1 INTO OUTFILE '/tmp/myswitch-corpus'",
];

/** A referee that sees nothing would find nothing wrong. */
export async function judgeReferee(replica: Replica): Promise<void> {
  const unseen: string[] = [];
  for (const sql of CAUGHT) {
    const { faults } = await replica.faults([{ sql }]);
    if (faults.length === 0) unseen.push(sql);
    replica.removeFile();
  }
  expect(unseen).toEqual([]);
}

/** The same for statements that nobody thought of. */
export async function judgeRandom(replica: Replica, count: number, seed: number): Promise<void> {
  const called = statements(count, seed).filter(isCalledReadOnly);
  const { faults, answered } = await replica.faults(called);
  expect({ seed, faults }).toEqual({ seed, faults: [] });
  expect(called.length).toBeGreaterThan(count * 0.15);
  expect(answered).toBeGreaterThan(called.length * 0.3);
}
