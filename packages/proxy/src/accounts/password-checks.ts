import { createHash, createPrivateKey, timingSafeEqual, webcrypto } from 'node:crypto';
import { MAX_PASSWORD_BYTES, unmaskPassword, verifyPbkdf2 } from '@myswitch/protocol';
import type { CheckedPassword, PasswordCheck } from '@myswitch/protocol';
import { ProxyError } from '../errors';
import { CheckThread } from './check-threads';
import { FairQueue } from './fair-queue';
import type { PasswordKey } from './password-key';

/** Each works on one check at a time. */
const THREADS = 2;
/** About 7 s of work for two threads; a login has 10 s. */
const MAX_NAME = 80;
const LIMITS = { ofSource: 512, all: 2048 };

interface Job {
  readonly key: string;
  readonly check: PasswordCheck;
  readonly password: Buffer;
  readonly wanted: Asking['wanted'];
  readonly resolve: (result: CheckedPassword) => void;
  readonly reject: (error: Error) => void;
}

/** A question that was asked by several. */
interface Asking {
  readonly result: Promise<CheckedPassword>;
  /** Whether each of them still wants to know. */
  readonly wanted: (() => boolean)[];
}

export interface Applicant {
  /** Its address: each gets its turn. */
  readonly source: string;
  /** False once nobody waits for the answer. */
  readonly wanted: () => boolean;
}

/**
 * Compares passwords with stored ones beside the event loop, a few at a time. Equal questions are asked once: after a
 * restart a whole connection pool of an application comes with the same password. One queue for all pools of a process.
 */
export class PasswordChecks {
  readonly publicKey: string;
  readonly #privateKey: Promise<webcrypto.CryptoKey>;
  readonly #idle = Array.from({ length: THREADS }, () => new CheckThread());
  readonly #all = [...this.#idle];
  readonly #queue = new FairQueue<Job>(LIMITS);
  readonly #asking = new Map<string, Asking>();

  constructor(key: PasswordKey) {
    this.publicKey = key.publicKey;
    const der = createPrivateKey(key.privateKey).export({ type: 'pkcs8', format: 'der' });
    const algorithm = { name: 'RSA-OAEP', hash: 'SHA-1' };
    this.#privateKey = webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['decrypt']);
  }

  /** Rejects with DEADLINE when too many are waiting. */
  async run(check: PasswordCheck, applicant: Applicant): Promise<CheckedPassword> {
    const password = await this.#decrypted(check.secret);
    if (password === null || password.length > MAX_PASSWORD_BYTES) return null;
    const known = knownAs(check, password);
    if (known !== null) return known;
    const question = createHash('sha256');
    for (const { stored } of check.hashes) question.update(stored, 'latin1').update('\0');
    const key = question.update(password).digest('base64');
    const asked = this.#asking.get(key);
    if (asked !== undefined) {
      asked.wanted.push(applicant.wanted);
      return asked.result;
    }
    try {
      return await this.#ask(key, check, password, applicant);
    } finally {
      if (this.#asking.get(key)?.wanted.includes(applicant.wanted) === true) this.#asking.delete(key);
    }
  }

  stop(): void {
    for (const thread of this.#all) thread.stop();
  }

  async #decrypted(secret: PasswordCheck['secret']): Promise<Buffer | null> {
    if (secret.kind === 'clear') return secret.password;
    try {
      const masked = await webcrypto.subtle.decrypt({ name: 'RSA-OAEP' }, await this.#privateKey, secret.data);
      return unmaskPassword(Buffer.from(masked), secret.nonce);
    } catch {
      return null; // not encrypted with our key
    }
  }

  #ask(key: string, check: PasswordCheck, password: Buffer, applicant: Applicant): Promise<CheckedPassword> {
    const wanted = [applicant.wanted];
    const result = new Promise<CheckedPassword>((resolve, reject) => {
      const job: Job = { key, check, password, wanted, resolve, reject };
      if (this.#queue.add(applicant.source, check.user.slice(0, MAX_NAME), job)) return;
      reject(new ProxyError('DEADLINE', 'too many logins are being checked, try again later'));
    });
    this.#asking.set(key, { result, wanted });
    this.#next();
    return result;
  }

  #next(): void {
    const thread = this.#idle.pop();
    if (thread === undefined) return;
    const job = this.#queue.take();
    if (job === null) {
      this.#idle.push(thread);
      return;
    }
    const { key, check, password, wanted, resolve, reject } = job;
    const stillWanted = wanted.some((one) => one());
    if (!stillWanted) this.#asking.delete(key); // who asks from now on is answered
    (stillWanted ? compare(check, password, thread) : Promise.resolve(null)).then(resolve, reject).finally(() => {
      this.#idle.push(thread);
      this.#next();
    });
  }
}

async function compare(check: PasswordCheck, password: Buffer, thread: CheckThread): Promise<CheckedPassword> {
  for (const { stored, value } of check.hashes) {
    const fits = value.kind === 'crypt' ? await thread.ask({ stored, password }) : await verifyPbkdf2(value, password);
    if (fits) return { stored, password };
  }
  return null;
}

function knownAs(check: PasswordCheck, password: Buffer): CheckedPassword {
  const known = check.hashes.find(({ stored }) => {
    const before = check.passwordOf(stored);
    return before !== null && before.length === password.length && timingSafeEqual(before, password);
  });
  return known === undefined ? null : { stored: known.stored, password };
}
