import type { Address } from '../link/address';
import type { Clock } from '../clock';
import { counted } from '../counted';
import { text, type ControlConnection } from '../link/control-connection';
import type { Dialect } from '../dialects/dialect';
import { accountOf, missingGrants, type Need } from '../dialects/grants';
import { controlNeeds, REPLICATION_NEEDS } from '../dialects/privileges';
import { termsOf } from '../dialects/mysql-terms';
import { messageOf } from '../errors';
import { Heartbeat } from '../watch/heartbeat';
import type { Credentials } from '../options';
import { inTurn } from './in-turn';
import { withServer } from './with-server';

/** What came of using an account on one server. */
export interface AccountTrial {
  readonly node: string;
  readonly account: 'control' | 'replication';
  readonly ok: boolean;
  readonly message: string;
  /** Statements that give it what it lacks. */
  readonly grants: readonly string[];
}

/** A server to try the accounts on. */
interface Candidate {
  readonly name: string;
  readonly address: Address;
  /** The heartbeat is written there, as `start` and a switch will. */
  readonly primary: boolean;
}

interface Trying {
  readonly control: Credentials;
  readonly replication: Credentials;
  readonly schema: string;
}

type Use = (c: ControlConnection, dialect: Dialect) => Promise<readonly string[]>;

const CONCURRENCY = 8;
const TIMEOUT_MS = 5000;
/** No pool can have this name: the row of one that runs is not touched. */
const BEAT = '(init)';
/** Enough accounts to see that they can be read. */
const ACCOUNTS = 10;

/**
 * Logs in with both accounts everywhere and does what can be done without a consequence: reads what a poll, a preflight and the learning of
 * accounts read, and writes the heartbeat on the primary. For the rest, such as stopping a replica, SHOW GRANTS is compared.
 */
export async function tryAccounts(
  candidates: readonly Candidate[],
  trying: Trying,
  clock: Clock,
): Promise<readonly AccountTrial[]> {
  const trials = await inTurn(candidates, CONCURRENCY, async (candidate) => [
    await tryOne(
      candidate,
      'control',
      trying.control,
      (c, dialect) => useControl(c, dialect, candidate, trying),
      clock,
    ),
    await tryOne(candidate, 'replication', trying.replication, (c) => lackingGrants(c, () => REPLICATION_NEEDS), clock),
  ]);
  return trials.flat();
}

async function tryOne(
  { name, address }: Candidate,
  account: AccountTrial['account'],
  credentials: Credentials,
  use: Use,
  clock: Clock,
): Promise<AccountTrial> {
  try {
    const grants = await withServer(address, credentials, TIMEOUT_MS, clock, use);
    const message = grants.length === 0 ? 'may do all that it has to' : `lacks ${counted(grants.length, 'grant')}`;
    return { node: name, account, ok: grants.length === 0, message, grants };
  } catch (error) {
    return { node: name, account, ok: false, message: messageOf(error), grants: [] };
  }
}

async function useControl(
  c: ControlConnection,
  dialect: Dialect,
  { primary }: Candidate,
  { schema }: Trying,
): Promise<readonly string[]> {
  const lacking = await lackingGrants(c, (version) => controlNeeds(dialect.kind, schema, false, termsOf(version)));
  if (lacking.length > 0) {
    return lacking;
  }
  await dialect.observe(c, TIMEOUT_MS);
  await dialect.sessions(c, TIMEOUT_MS);
  await dialect.accountsMark(c, TIMEOUT_MS);
  await dialect.accounts(c, ACCOUNTS, TIMEOUT_MS);
  if (primary) {
    const heartbeat = new Heartbeat(schema, BEAT);
    await heartbeat.create(c, TIMEOUT_MS);
    await heartbeat.write(c, 'init', 0, TIMEOUT_MS);
  }
  // last, since it says what this server's events need on top
  return (await dialect.inspect(c, schema, TIMEOUT_MS)).missingGrants;
}

async function lackingGrants(
  c: ControlConnection,
  needs: (version: string) => readonly Need[],
): Promise<readonly string[]> {
  const row = await c.row('SELECT CURRENT_USER() AS account, @@version AS version', TIMEOUT_MS);
  const grants = await c.query('SHOW GRANTS', TIMEOUT_MS);
  return missingGrants(grants, needs(text(row, 'version')), accountOf(text(row, 'account')));
}
