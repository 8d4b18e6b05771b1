import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { type Runtime, sleep } from '@myswitch/testkit';
import type { Answer, ConnectRequest, Param, Request, Session } from './driver';

/** More of an answer than this is kept as length and hash. */
const LONG = 20_000;
/** More than what is printed for the mark. */
const TAIL_CHARACTERS = 2000;
const CANCEL_AFTER_MS = 500;

export interface CommandLineOptions {
  readonly runtime: Runtime;
  /** Options that it needs always. */
  readonly options: readonly string[];
  /** For a connection with TLS that checks the server's certificate. */
  readonly tls: (ca: string) => readonly string[];
  /** For a login with caching_sha2_password without TLS. */
  readonly insecure: readonly string[];
  /** Command of the client that resets the connection; null: it has none. */
  readonly reset: string | null;
}

/** One `mysql` or `mariadb` that reads statements from a pipe. What it prints to stdout and stderr comes in one stream, in order. */
class Client {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #printed: string[] = [];
  /** The end of it: a long result comes in thousands of pieces, and may not be searched as a whole for each. */
  #tail = '';
  #heard: () => void = () => undefined;
  #ended = false;
  #marks = 0;

  constructor(options: CommandLineOptions, args: readonly string[], password: string) {
    const { command, args: before } = options.runtime;
    const all = ['-c', 'exec "$@" 2>&1', 'sh', command, ...before, ...args];
    this.#child = spawn('/bin/sh', all, {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, ...options.runtime.env, MYSQL_PWD: password, LC_ALL: 'C.UTF-8' },
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#printed.push(text);
      this.#tail = (this.#tail + text).slice(-TAIL_CHARACTERS);
      this.#heard();
    });
    this.#child.stdin!.on('error', () => undefined);
    this.#exited = new Promise((resolve) => {
      this.#child.once('close', () => {
        this.#ended = true;
        this.#heard();
        resolve();
      });
    });
  }

  /** Sends the text and resolves with all that is printed until it has been worked off, or until the client ends. */
  async run(commands: string): Promise<string> {
    this.#printed = [];
    this.#tail = '';
    const mark = (this.#marks += 1);
    // The statement is echoed too: only its result has the mark as a whole.
    const question = `SELECT CONCAT('work', 'ed off ${mark}')`;
    this.#child.stdin!.write(`${commands}\n${question};\n`);
    const end = `worked off ${mark}`;
    while (!this.#ended && !this.#tail.includes(end)) await new Promise<void>((resolve) => (this.#heard = resolve));
    const text = this.#printed.join('');
    const cut = text.lastIndexOf(`--------------\n${question}`);
    return cut === -1 ? text : text.slice(0, cut);
  }

  interrupt(): void {
    this.#child.kill('SIGINT');
  }

  async quit(): Promise<void> {
    this.#child.stdin!.end();
    await this.#exited;
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}

const literal = ({ t, v = '', n = 1 }: Param): string => {
  switch (t) {
    case 'null':
      return 'NULL';
    case 'int':
    case 'decimal':
    case 'double':
      return v;
    case 'blob':
      return `X'${v}'`;
    case 'repeat':
      return `REPEAT('${v}', ${n})`;
    case 'string':
    case 'date':
    case 'datetime':
    case 'time':
      return `'${v.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  }
};

/** A command-line client as a driver: statements are text, prepared ones are those of SQL. */
export class CommandLineSession implements Session {
  readonly #options: CommandLineOptions;
  readonly #clients = new Map<string, Client>();
  readonly #targets = new Map<string, ConnectRequest>();

  constructor(options: CommandLineOptions) {
    this.#options = options;
  }

  async ask(request: Request): Promise<Answer> {
    const on = request.on ?? 'main';
    switch (request.op) {
      case 'connect': {
        this.#targets.set(on, request);
        const client = this.#start(request);
        this.#clients.set(on, client);
        return answer(await client.run(''));
      }
      case 'close': {
        const client = this.#client(on);
        this.#clients.delete(on);
        await client.quit();
        return { ok: null };
      }
      case 'info':
        return answer(statusLines(await this.#client(on).run('\\s')));
      case 'query':
        return this.#sql(on, request.sql);
      case 'prepare':
        return this.#sql(on, `PREPARE ${request.name} FROM '${request.sql.replaceAll("'", "''")}'`);
      case 'run': {
        const values = request.params.map((param, index) => `@p${index} = ${literal(param)}`);
        const names = request.params.map((_, index) => `@p${index}`);
        return this.#sql(on, `SET ${values.join(', ')}; EXECUTE ${request.name} USING ${names.join(', ')}`);
      }
      case 'unprepare':
        return this.#sql(on, `DEALLOCATE PREPARE ${request.name}`);
      case 'begin':
        return this.#sql(on, 'START TRANSACTION');
      case 'commit':
        return this.#sql(on, 'COMMIT');
      case 'rollback':
        return this.#sql(on, 'ROLLBACK');
      case 'use':
        return answer(await this.#client(on).run(`\\u ${request.database}`));
      case 'call':
        return this.#sql(on, `CALL ${request.procedure}(${request.value}, @out_of_call)`);
      case 'reset': {
        const { reset } = this.#options;
        return reset === null ? { unsupported: true } : answer(await this.#client(on).run(reset));
      }
      case 'stream':
        return this.#once(on, request.sql, ['--quick']);
      case 'infile':
        return this.#once(on, request.sql, ['--local-infile=1']);
      case 'cancel': {
        const running = this.#sql(on, request.sql);
        await sleep(CANCEL_AFTER_MS);
        this.#client(on).interrupt();
        return running;
      }
      case 'execute':
      case 'batch':
      case 'cursor':
      case 'ping':
      case 'changeUser':
      case 'poolOpen':
      case 'poolRun':
      case 'poolClose':
      case 'model':
      case 'transaction':
        return { unsupported: true };
    }
  }

  async end(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.end()));
  }

  #client(on: string): Client {
    const client = this.#clients.get(on);
    if (client === undefined) throw new Error(`no connection ${on}`);
    return client;
  }

  #start({ host, port, user, password, database, ca, compress }: ConnectRequest, more: readonly string[] = []): Client {
    const how = ['--batch', '--table', '-vv', '--unbuffered', '--force', '--skip-reconnect', '--show-warnings'];
    const where = ['--protocol=TCP', `--host=${host}`, `--port=${port}`, `--user=${user}`, `--database=${database}`];
    const safe = ca === undefined ? this.#options.insecure : this.#options.tls(ca);
    const packed = compress === true ? ['--compress'] : [];
    const characters = ['--default-character-set=utf8mb4', '--max-allowed-packet=64M'];
    // MariaDB's client loses a result when it is told both.
    const types = more.includes('--quick') ? [] : ['--column-type-info'];
    return new Client(
      this.#options,
      [...this.#options.options, ...how, ...where, ...safe, ...packed, ...characters, ...types, ...more],
      password,
    );
  }

  async #sql(on: string, sql: string): Promise<Answer> {
    return answer(await this.#client(on).run(`${sql};`));
  }

  async #once(on: string, sql: string, args: readonly string[]): Promise<Answer> {
    const client = this.#start(this.#targets.get(on)!, args);
    try {
      return answer(await client.run(`${sql};`));
    } finally {
      await client.quit();
    }
  }
}

function answer(printed: string): Answer {
  // An empty line after the mark belongs to what came before.
  const text = printed
    .trim()
    .replaceAll(/ at line \d+/g, '')
    .replaceAll(/ \(\d+\.\d+ sec\)/g, '')
    .replaceAll(/KILL QUERY \d+/g, 'KILL QUERY');
  const error = /^ERROR (\d+) \((\w+)\): (.*)$/m.exec(text);
  const kept = text.length > LONG ? `${text.length} ${digest(text)}` : text;
  if (error === null) return { ok: kept };
  return { error: { code: Number(error[1]), state: error[2], message: kept } };
}

/** Each run has a schema of its own, which column information tells. */
function digest(text: string): string {
  return createHash('md5')
    .update(text.replaceAll(/^Database: .*$/gm, ''))
    .digest('hex');
}

/** What `\s` says of the server and the connection, but for counters (COM_STATISTICS) and ids: that they are there. */
function statusLines(text: string): string {
  return text
    .split('\n')
    .filter((line) => line !== '' && !/^(TCP port|Connection id|SSL|Binary data)/.test(line))
    .map((line) => line.replace(/^(Uptime|Threads):.*/, '$1').replaceAll(/\d+ (?=days|hours|min|sec)/g, ''))
    .join('\n');
}
