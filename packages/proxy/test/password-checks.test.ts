import { publicEncrypt, constants } from 'node:crypto';
import { parseStoredPassword, type CheckedPassword, type PasswordCheck } from '@myswitch/protocol';
import { FairQueue } from '../src/accounts/fair-queue';
import { PasswordChecks } from '../src/accounts/password-checks';
import { createPasswordKey, type PasswordKey } from '../src/accounts/password-key';

const hex = (text: string): string => Buffer.from(text, 'hex').toString('latin1');
/** Of 'secret-cs', as MySQL 9.7 stored it. */
const SHA256 = hex(
  '2435246A256A626E4C670C1051675A6C3A032C4A73667A2436712F476130336F5162474E6D6B662F343234435372586855766648672E465A4F57305351695173654C41',
);
/** Of 'secret-cb'. */
const PBKDF2 = hex(
  '24422430303524754E6C5C47116D056C6B6C15623D4C767C6A4C15734D5373514C7451634945737A526E50357A4D7866726562446355434F486E7059494B6946594C343651435959634C68646936636C4D5A394C594446734F506E383239484B744E327969514E6E77593063306E3975513D3D',
);
const NONCE = Buffer.from('abcdefghij0123456789');

function question(password: string, stored: readonly string[] = [SHA256], known: string | null = null): PasswordCheck {
  return {
    user: 'app',
    hashes: stored.map((text) => ({ stored: text, value: parseStoredPassword(text)! })),
    passwordOf: () => (known === null ? null : Buffer.from(known)),
    secret: { kind: 'clear', password: Buffer.from(password) },
  };
}

describe('password checks', () => {
  let key: PasswordKey;
  let checks: PasswordChecks;
  beforeAll(async () => {
    key = await createPasswordKey();
  });
  beforeEach(() => {
    checks = new PasswordChecks(key);
  });
  afterEach(() => checks.stop());

  const run = (check: PasswordCheck, source = 'a', wanted = () => true): Promise<CheckedPassword> =>
    checks.run(check, { source, wanted });

  it('find which stored password fits, if any', async () => {
    expect(await run(question('secret-cs'))).toMatchObject({ stored: SHA256 });
    expect(await run(question('secret-cb', [SHA256, PBKDF2]))).toMatchObject({ stored: PBKDF2 });
    expect(await run(question('wrong', [SHA256, PBKDF2]))).toBeNull();
    expect(await run(question('secret-cs', []))).toBeNull();
    expect(await run(question('x'.repeat(300)))).toBeNull();
  });

  it('decrypt what was encrypted with our key, for that nonce', async () => {
    const encrypt = (text: string, nonce = NONCE): Buffer => {
      const masked = Buffer.from(text).map((byte, i) => byte ^ nonce[i % 20]!);
      return publicEncrypt({ key: key.publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, masked);
    };
    const asked = (data: Buffer): Promise<CheckedPassword> =>
      run({ ...question(''), secret: { kind: 'encrypted', data, nonce: NONCE } });
    expect(await asked(encrypt('secret-cs\0'))).toMatchObject({ password: Buffer.from('secret-cs') });
    expect(await asked(encrypt('secret-cs'))).toBeNull();
    expect(await asked(encrypt('secret-cs\0', Buffer.alloc(20, 9)))).toBeNull();
    for (const bad of [Buffer.alloc(0), Buffer.alloc(256, 7), Buffer.alloc(1000)]) expect(await asked(bad)).toBeNull();
  });

  it('ask for a known password no more', async () => {
    const never = { ...question('secret', [SHA256], 'secret') };
    expect(await run(never)).toEqual({ stored: SHA256, password: Buffer.from('secret') });
    expect(await run(question('other', [SHA256], 'secret'))).toBeNull();
  });

  it('are bounded for each source: who is too many is told', async () => {
    const flood = Array.from({ length: 600 }, (_, i) => run(question(`wrong-${i}`), 'flood', () => i < 2));
    const results = await Promise.allSettled([...flood, run(question('secret-cs'), 'other')]);
    const rejected = results.filter((result) => result.status === 'rejected');
    expect(rejected.length).toBeGreaterThan(50);
    expect(rejected[0]).toMatchObject({ reason: { code: 'DEADLINE' } });
    expect(String((rejected[0] as PromiseRejectedResult).reason)).not.toContain('wrong-');
    expect(results.at(-1)).toMatchObject({ status: 'fulfilled', value: { stored: SHA256 } });
  });

  it('one that was asked by several is done while anybody waits', async () => {
    const before = [run(question('one')), run(question('two'))]; // for each thread one
    const [gone, there, ...others] = await Promise.all([
      run(question('secret-cs'), 'a', () => false),
      run(question('secret-cs'), 'b', () => true),
      ...before,
    ]);
    expect(others).toEqual([null, null]);
    expect([gone, there]).toEqual([
      expect.objectContaining({ stored: SHA256 }),
      expect.objectContaining({ stored: SHA256 }),
    ]);
  });

  it('leave the event loop alone', async () => {
    let turns = 0;
    const turning = setInterval(() => turns++, 1);
    await Promise.all(Array.from({ length: 6 }, (_, i) => run(question(`wrong-${i}`))));
    clearInterval(turning);
    expect(turns).toBeGreaterThan(5);
  });
});

describe('FairQueue', () => {
  const taken = (queue: FairQueue<number>): number[] => {
    const all: number[] = [];
    for (let item = queue.take(); item !== null; item = queue.take()) all.push(item);
    return all;
  };

  it('takes from each source in turn, and from each of its names', () => {
    const queue = new FairQueue<number>({ ofSource: 10, all: 20 });
    for (const [source, name, item] of [
      ['a', 'x', 1],
      ['a', 'x', 2],
      ['a', 'x', 3],
      ['a', 'y', 4],
      ['b', 'z', 5],
    ] as const)
      queue.add(source, name, item);
    expect(taken(queue)).toEqual([1, 5, 4, 2, 3]);
    expect(queue.size).toBe(0);
  });

  it('is bounded, and has room again', () => {
    const queue = new FairQueue<number>({ ofSource: 2, all: 3 });
    expect([queue.add('a', 'x', 1), queue.add('a', 'y', 2), queue.add('a', 'z', 3)]).toEqual([true, true, false]);
    expect([queue.add('b', 'x', 4), queue.add('c', 'x', 5)]).toEqual([true, false]);
    expect(taken(queue)).toEqual([1, 4, 2]);
    expect(queue.add('a', 'x', 6)).toBe(true);
    expect(taken(queue)).toEqual([6]);
  });
});
