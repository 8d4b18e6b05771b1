import { createHash } from 'node:crypto';
import type { AcceptedLogin } from '@myswitch/protocol';
import { Account } from '../src/accounts/account';
import type { Candidate } from '../src/accounts/account-table';
import { type ClientFacts, refusal } from '../src/accounts/admission';
import { type Admission, Logins } from '../src/accounts/logins';
import { requireRow, whyRefused } from '../src/accounts/other-row';
import { RefusedAccounts } from '../src/accounts/refused-accounts';
import type { NodeBaseline } from '../src/backend/node-baseline';
import { ProxyError } from '../src/errors';
import type { AccountRow } from '../src/plane/types';
import { SessionContext } from '../src/session/context';
import { Permits } from '../src/plane/permits';
import { ProcessPeers } from '../src/plane/process-peers';
import type { Peers } from '../src/pool/peers';
import type { ClientError } from '../src/session/client-error';
import { ALONE } from './alone';
import { accountRow, nativeHash } from './rows';

const FACTS: ClientFacts = { address: '10.0.0.1', client: '10.0.0.1:4711', tls: null };
const OTHER = { user: 'app', client: '10.0.0.1:4711', row: 'app@%', matched: 'app@10.%', reason: 'so it is' };
const credential = { kind: 'native', stage1: createHash('sha1').update('secret').digest() } as const;

describe('refused accounts', () => {
  it('are told once each, the last hundred', () => {
    const refused = new RefusedAccounts();
    const logged: string[] = [];
    const log = (_: string, message: string): void => void logged.push(message);
    refused.tell(OTHER, log);
    refused.tell({ ...OTHER, client: '10.0.0.1:9999' }, log);
    expect(refused.list()).toEqual([{ ...OTHER, client: '10.0.0.1' }]);
    expect(logged).toHaveLength(1);
    for (let i = 0; i < 200; i++) refused.tell({ ...OTHER, user: `u${i}${'x'.repeat(1000)}` }, log);
    expect(refused.list()).toHaveLength(100);
    expect(JSON.stringify(refused.list()).length).toBeLessThan(20_000);
    refused.keep(new Set(['other@%']));
    expect(refused.list()).toEqual([]);
  });

  it('are forgotten once they are served', () => {
    const refused = new RefusedAccounts();
    refused.tell(OTHER, () => undefined);
    refused.clear('other@%');
    expect(refused.list()).toHaveLength(1);
    refused.clear('app@%');
    expect(refused.list()).toEqual([]);
  });
});

describe('a row keeps out who knows its password', () => {
  const why = (row: Partial<AccountRow>, facts: Partial<ClientFacts> = {}, mariadb = false) =>
    refusal(accountRow('app', '%', row), { user: 'app', usedPassword: true }, { ...FACTS, ...facts }, mariadb)?.code ??
    null;
  const certificate = { subject: '/CN=app', issuer: '/CN=ca' };
  const plainTls = { tls: { cipher: 'C', certificate: null } };
  const certified = { tls: { cipher: 'C', certificate } };

  it.each([
    [{}, {}, null],
    [{ locked: true }, {}, 3118],
    [{ passwordExpired: true }, {}, 1862],
    [{ locked: true, passwordExpired: true }, {}, 3118],
    [{ locked: true, tls: 'ANY' }, {}, 1045],
    [{ tls: 'ANY' }, plainTls, null],
    [{ tls: 'X509' }, plainTls, 1045],
    [{ tls: 'X509' }, certified, null],
    [{ tls: 'SPECIFIED', subject: '/CN=app', issuer: '/CN=ca', cipher: 'C' }, certified, null],
    [{ tls: 'SPECIFIED', subject: '/CN=other' }, certified, 1045],
    [{ tls: 'SPECIFIED', issuer: '/CN=other' }, certified, 1045],
    [{ tls: 'SPECIFIED', cipher: 'D' }, certified, 1045],
    [{ tls: 'SPECIFIED', subject: '/CN=app' }, plainTls, 1045],
    [{ tls: 'SPECIFIED', subject: '/CN=app' }, {}, 1045],
  ] as const)('%j, %j: %s', (row, facts, expected) => expect(why(row, facts)).toBe(expected));

  it('as each kind of server says it', () => {
    expect(why({ locked: true }, {}, true)).toBe(4151);
    expect(why({ tls: 'SPECIFIED', cipher: 'C' }, plainTls, true)).toBeNull();
    expect(why({ tls: 'SPECIFIED', cipher: 'C' }, plainTls, false)).toBe(1045);
  });
});

describe('a backend has to be the row that its client is', () => {
  const account = new Account('app', 'app@Db.Example', credential);
  it('whatever the case of its host', () => {
    expect(() => requireRow(account, 'app@db.example')).not.toThrow();
    for (const other of ['app@%', 'App@db.example', '@db.example', '']) {
      expect(() => requireRow(account, other)).toThrow(expect.objectContaining({ code: 'SERVER', errno: 1045 }));
    }
    expect(() => requireRow(Account.configured({ name: 'app', password: 'x' }), 'whoever@%')).not.toThrow();
  });

  it('an operator is told why it is not, and of nothing else', () => {
    const denied = new ProxyError('SERVER', 'Access denied', { errno: 1045, sqlState: '28000' });
    expect(whyRefused(account, 'db1', denied)).toMatchObject({ row: 'app@Db.Example', matched: null });
    expect(whyRefused(account, 'db1', new ProxyError('BACKEND_UNAVAILABLE', 'no'))).toBeNull();
    expect(whyRefused(Account.configured({ name: 'app', password: 'x' }), 'db1', denied)).toBeNull();
    account.retire();
    expect(whyRefused(account, 'db1', denied)).toBeNull();
  });
});

describe('logins of a pool', () => {
  const baseline = (serverVersion: string): NodeBaseline =>
    ({ serverVersion, context: new SessionContext(null, new Map(), new Map()) }) as unknown as NodeBaseline;
  const lines: unknown[] = [];
  const make = (pool: { baseline: NodeBaseline | null; peers: Peers }): Logins =>
    new Logins({ name: 'shop', users: [], nodes: [] } as never, pool, (...line) => void lines.push(line));

  it('know nobody before rows were told and a server has answered', () => {
    const pool = { baseline: null as NodeBaseline | null, peers: ALONE };
    const logins = make(pool);
    expect(logins.known).toBe(false);
    logins.learn([accountRow('app', '10.0.0.0/8')]);
    expect(logins.known).toBe(false);
    pool.baseline = baseline('9.7.4');
    logins.read();
    expect(logins.known).toBe(true);
    expect(logins.find('app', FACTS).account).not.toBeNull();
  });

  it('read a host as their kind of server does', () => {
    const logins = make({ baseline: baseline('5.5.5-10.11.18-MariaDB'), peers: ALONE });
    logins.learn([accountRow('app', '10.0.0.0/8')]);
    expect(logins.find('app', FACTS).account).toBeNull();
  });

  it('let in as many as a row may have, and nobody whose password can’t be learned', async () => {
    const peers = new ProcessPeers(ALONE, new Permits());
    const logins = make({ baseline: baseline('9.7.4'), peers });
    logins.learn([accountRow('app', '%', { maxUserConnections: 1 })]);
    const { account } = logins.find('app', FACTS);
    const known = { user: 'app', account, credential, stored: nativeHash('secret'), usedPassword: true };
    const login = known as unknown as AcceptedLogin<Candidate>;
    const unproved = { ...known, credential: null } as unknown as AcceptedLogin<Candidate>;
    const admit = async (one = login, wanted = true): Promise<Admission | ClientError> =>
      logins.admit(one, FACTS, () => wanted);
    // neither of these two keeps its place
    expect(await admit(unproved)).toMatchObject({ code: 1045 });
    await admit(login, false);
    const outcomes = await Promise.all([admit(), admit(), admit()]);
    const admitted = outcomes.flatMap((outcome) => ('account' in outcome ? [outcome] : []));
    expect(admitted).toHaveLength(1);
    expect(outcomes.filter((outcome) => 'code' in outcome && outcome.code === 1226)).toHaveLength(2);
    admitted[0]!.permit!.release();
    admitted[0]!.permit!.release();
    expect(await admit()).toHaveProperty('account');
    expect(await admit()).toMatchObject({
      code: 1226,
      sqlState: '42000',
      message: `User 'app' has exceeded the 'max_user_connections' resource (current value: 1)`,
    });
    logins.learn([accountRow('app', '%', { maxUserConnections: 0 })]);
    expect(logins.admit(login, FACTS, () => true)).toMatchObject({ permit: null });
    logins.learn([accountRow('app', '%', { maxUserConnections: -1 })]);
    expect(await admit()).toMatchObject({ code: 1226 });
    expect(logins.refused.list()).toEqual([expect.objectContaining({ row: 'app@%', matched: null })]);
  });

  it('tell no secret, and no cause that is ours', () => {
    const logins = make({ baseline: baseline('9.7.4'), peers: ALONE });
    const told = logins.notChecked(new Error('Cannot find module /opt/x'), FACTS);
    expect(told).toEqual({ code: 1105, sqlState: 'HY000', message: 'MySwitch: its password could not be checked' });
    expect(logins.notChecked(new ProxyError('DEADLINE', 'too many'), FACTS).message).toBe('MySwitch: too many');
    logins.learn([accountRow('app', '%')]);
    logins.failed('app', FACTS);
    expect(JSON.stringify(lines)).not.toContain(nativeHash('secret'));
  });
});
