import { parseDuration } from './duration';
import { syntaxError } from './errors';
import { nodeStatement, setNode } from './grammar-nodes';
import { type FailoverOptions, type MoveBack, type SelectItem, type Statement, type SwitchOptions } from './statement';
import { tokenize, type Token } from './tokens';
import type { Words } from './words';

/**
 * The language of the admin port. Keywords in any case; names bare, quoted or in backticks:
 *
 *     SHOW POOLS | NODES | SESSIONS | PINS | QUEUES | BACKENDS | VARIABLES [LIKE 'pattern']
 *     CHECK SWITCH POOL name [TO node] [WITH option, …]
 *     SWITCH POOL name [TO node] [WITH option, …]
 *     CHECK FAILOVER POOL name [TO node] [WITH FORCE]
 *     FAILOVER POOL name [TO node] [WITH FORCE]
 *     SWITCHBACK POOL name [WITH option, …]
 *     ACTIVATE PRIMARY POOL name [WITH option, …]
 *     REJOIN NODE node [POOL name] [REBUILD [CONFIRM node]]
 *     SHOW CHECKPOINTS [POOL name]
 *     SHOW SWITCHES [POOL name]        SHOW SWITCH 'id'
 *     SHOW EVENTS [POOL name]
 *     KILL [QUERY | CONNECTION] id
 *     option: MAX_LAG '1s' | DRAIN '2s' | ON_BUSY 'kill' | ON_PINNED 'kill' | BYPASS 'kill' | SEMI_SYNC 'suspend' | FORCE
 *
 * what grammar-nodes.ts has (RECOVER, SET NODE, FREEZE, PAUSE, MPP …), and what stock clients ask on their own: SELECT of variables, functions and literals, SET, USE, transactions.
 *
 * @throws AdminError 1064/42000
 */
export function parse(sql: string): Statement {
  const parser = new Parser(sql);
  const statement = parser.statement();
  parser.end();
  return statement;
}

/** Accepted without effect, up to the end of the statement. */
const NO_EFFECT: ReadonlySet<string> = new Set(['SET', 'COMMIT', 'ROLLBACK', 'BEGIN', 'START']);

/** Each option: how its value is read and where it goes. */
type Options<T> = Readonly<Record<string, (parser: Parser) => T>>;

const OPTIONS: Options<SwitchOptions> = {
  MAX_LAG: (parser) => ({ maxLagMs: parser.duration() }),
  DRAIN: (parser) => ({ drainMs: parser.duration() }),
  ON_BUSY: (parser) => ({ onBusy: parser.choice(['abort', 'kill']) }),
  ON_PINNED: (parser) => ({ onPinned: parser.choice(['abort', 'kill']) }),
  BYPASS: (parser) => ({ bypass: parser.choice(['refuse', 'kill', 'ignore']) }),
  SEMI_SYNC: (parser) => ({ semiSync: parser.choice(['refuse', 'suspend']) }),
  FORCE: () => ({ force: true }),
};

const FAILOVER_OPTIONS: Options<FailoverOptions> = {
  FORCE: () => ({ force: true }),
  SERVE_READS: () => ({ serveReads: true }),
};

/** What SHOW can be followed by. */
const SHOWS: Readonly<Record<string, (parser: Parser) => Statement>> = {
  POOLS: () => ({ kind: 'show', what: 'pools' }),
  NODES: () => ({ kind: 'show', what: 'nodes' }),
  SESSIONS: () => ({ kind: 'show', what: 'sessions' }),
  PINS: () => ({ kind: 'show', what: 'pins' }),
  QUEUES: () => ({ kind: 'show', what: 'queues' }),
  BACKENDS: () => ({ kind: 'show', what: 'backends' }),
  VARIABLES: (parser) => ({ kind: 'show-variables', like: parser.like() }),
  CHECKPOINTS: (parser) => ({ kind: 'show-checkpoints', pool: parser.ofPool() }),
  EVENTS: (parser) => ({ kind: 'show-events', pool: parser.ofPool() }),
  SWITCHES: (parser) => ({ kind: 'show-switches', pool: parser.ofPool() }),
  SWITCH: (parser) => ({ kind: 'show-switch', id: parser.id() }),
};

/** What else stock clients ask for. */
const FOR_CLIENTS = ['databases', 'tables', 'warnings'] as const;

const anyOf = (words: readonly string[]): string => `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;

class Parser {
  readonly #sql: string;
  readonly #tokens: readonly Token[];
  #index = 0;

  constructor(sql: string) {
    this.#sql = sql;
    this.#tokens = tokenize(sql);
  }

  statement(): Statement {
    if (this.#take('SHOW')) return this.#show();
    if (this.#take('CHECK')) {
      if (this.#take('FAILOVER')) return this.#failover('check-failover');
      if (this.#take('SWITCH')) return this.#switchPool('check');
      throw this.#error('SWITCH or FAILOVER');
    }
    if (this.#take('SWITCH')) return this.#switchPool('switch');
    if (this.#take('FAILOVER')) return this.#failover('failover');
    if (this.#take('SWITCHBACK')) return this.#moveBack('switchback');
    if (this.#take('ACTIVATE')) {
      this.#expect('PRIMARY');
      return this.#moveBack('activate-primary');
    }
    if (this.#take('REJOIN')) return this.#rejoin();
    const ofNodes = nodeStatement(this.#words);
    if (ofNodes !== null) return ofNodes;
    if (this.#is('SET') && this.#isNext('NODE')) {
      this.#index += 2;
      return setNode(this.#words);
    }
    if (this.#take('KILL')) return this.#kill();
    if (this.#take('SELECT')) return this.#select();
    if (this.#take('USE')) return { kind: 'use', schema: this.#name('a schema') };
    if (this.#peek.kind === 'word' && NO_EFFECT.has(this.#peek.text.toUpperCase())) {
      this.#index = this.#tokens.length - 1;
      return { kind: 'no-effect' };
    }
    throw this.#error('a statement such as SHOW POOLS or SWITCH POOL');
  }

  /** One `;` may end the statement. */
  end(): void {
    if (this.#peek.text === ';') this.#index += 1;
    if (this.#peek.kind !== 'end') throw this.#error('the end of the statement');
  }

  duration(): number {
    const token = this.#peek;
    const ms = token.kind === 'string' ? parseDuration(token.text) : null;
    if (ms === null) throw this.#error("a duration such as '200ms' or '1s'");
    this.#index += 1;
    return ms;
  }

  choice<T extends string>(choices: readonly T[]): T {
    const { kind, text } = this.#peek;
    const choice = choices.find((each) => each.toLowerCase() === text.toLowerCase());
    if (choice === undefined || (kind !== 'string' && kind !== 'word')) {
      throw this.#error(choices.map((each) => `'${each}'`).join(' or '));
    }
    this.#index += 1;
    return choice;
  }

  #show(): Statement {
    const what = Object.keys(SHOWS).find((each) => this.#take(each));
    const read = SHOWS[what ?? ''];
    if (read !== undefined) return read(this);
    const forClients = FOR_CLIENTS.find((each) => this.#take(each.toUpperCase()));
    if (forClients !== undefined) return { kind: 'show', what: forClients };
    throw this.#error(anyOf(Object.keys(SHOWS)));
  }

  /** [LIKE 'pattern'] */
  like(): string | null {
    return this.#take('LIKE') ? this.#name('a pattern') : null;
  }

  /** [POOL name] */
  ofPool(): string | null {
    return this.#take('POOL') ? this.#name('a pool') : null;
  }

  id(): string {
    return this.#name('an id as SHOW SWITCHES has it');
  }

  #switchPool(kind: 'check' | 'switch'): Statement {
    this.#expect('POOL');
    const pool = this.#name('a pool');
    const to: SwitchOptions = this.#take('TO') ? { to: this.#name('a node') } : {};
    return { kind, pool, options: { ...to, ...this.#options(OPTIONS) } };
  }

  #moveBack(kind: MoveBack): Statement {
    this.#expect('POOL');
    return { kind, pool: this.#name('a pool'), options: this.#options(OPTIONS) };
  }

  #options<T extends object>(known: Options<T>): T {
    const options = {} as T;
    if (this.#take('WITH')) {
      const seen = new Set<string>();
      do {
        Object.assign(options, this.#option(known, seen));
      } while (this.#takeSymbol(','));
    }
    return options;
  }

  #rejoin(): Statement {
    this.#expect('NODE');
    const node = this.#name('a node');
    const pool = this.#take('POOL') ? this.#name('a pool') : null;
    if (!this.#take('REBUILD')) return { kind: 'rejoin', node, pool, rebuild: null };
    const confirm = this.#take('CONFIRM') ? this.#name("the node's name once more") : null;
    return { kind: 'rejoin', node, pool, rebuild: { confirm } };
  }

  #failover(kind: 'failover' | 'check-failover'): Statement {
    this.#expect('POOL');
    const pool = this.#name('a pool');
    const options: FailoverOptions = this.#take('TO') ? { to: this.#name('a node') } : {};
    return { kind, pool, options: { ...options, ...this.#options(FAILOVER_OPTIONS) } };
  }

  #option<T>(known: Options<T>, seen: Set<string>): T {
    const name = this.#peek.text.toUpperCase();
    const read = this.#peek.kind === 'word' && !seen.has(name) ? known[name] : undefined;
    if (read === undefined) {
      const left = Object.keys(known).filter((option) => !seen.has(option));
      throw this.#error(left.join(', '));
    }
    seen.add(name);
    this.#index += 1;
    this.#takeSymbol('=');
    return read(this);
  }

  #kill(): Statement {
    const what = this.#take('QUERY') ? 'query' : 'connection';
    if (what === 'connection') this.#take('CONNECTION');
    const { kind, text } = this.#peek;
    const id = Number(text);
    if (kind !== 'number' || !Number.isSafeInteger(id)) throw this.#error('a connection id');
    this.#index += 1;
    return { kind: 'kill', what, id };
  }

  #select(): Statement {
    const items: SelectItem[] = [];
    do {
      items.push(this.#item());
    } while (this.#takeSymbol(','));
    if (this.#take('LIMIT')) this.#skip('number', 'a number');
    return { kind: 'select', items };
  }

  #item(): SelectItem {
    const { kind, text, start } = this.#peek;
    let item: Omit<SelectItem, 'name'>;
    if (kind === 'variable') item = { kind: 'variable', value: text.toLowerCase() };
    else if (kind === 'word') item = { kind: 'function', value: text.toLowerCase() };
    else if (kind === 'string' || kind === 'number') item = { kind: 'literal', value: text };
    else throw this.#error('a variable, a function or a literal');
    this.#index += 1;
    if (item.kind === 'function' && this.#takeSymbol('(') && !this.#takeSymbol(')')) throw this.#error("')'");
    const end = this.#tokens[this.#index - 1]?.end ?? start;
    const written = kind === 'string' ? text : this.#sql.slice(start, end);
    const as = this.#take('AS');
    const alias = as || (this.#peek.kind === 'word' && !this.#is('LIMIT'));
    return { ...item, name: alias ? this.#name('an alias') : written };
  }

  get #words(): Words {
    return {
      take: (keyword) => this.#take(keyword),
      takeSymbol: (symbol) => this.#takeSymbol(symbol),
      expect: (keyword) => this.#expect(keyword),
      name: (expected) => this.#name(expected),
      duration: () => this.duration(),
      choice: (choices) => this.choice(choices),
      number: (least, most) => this.#number(least, most),
      address: () => this.#address(),
      error: (expected) => this.#error(expected),
    };
  }

  #number(least: number, most: number): number {
    const { kind, text } = this.#peek;
    const value = Number(text);
    const fits = /^\d+$/.test(text) && value >= least && value <= most;
    if ((kind !== 'number' && kind !== 'string') || !fits) throw this.#error(`a number from ${least} to ${most}`);
    this.#index += 1;
    return value;
  }

  /** Bare, an address is several tokens with nothing between them. */
  #address(): string {
    const first = this.#peek;
    if (first.kind === 'end') throw this.#error('host:port');
    let { text: address, end } = first;
    this.#index += 1;
    if (first.kind !== 'string') {
      while (this.#peek.start === end && this.#peek.kind !== 'end' && this.#peek.text !== ';') {
        end = this.#peek.end;
        this.#index += 1;
      }
      address = this.#sql.slice(first.start, end);
    }
    if (/^\S+:\d{1,5}$/.test(address)) return address;
    this.#index = this.#tokens.indexOf(first);
    throw this.#error('host:port');
  }

  #isNext(keyword: string): boolean {
    const next = this.#tokens[this.#index + 1];
    return next?.kind === 'word' && next.text.toUpperCase() === keyword;
  }

  get #peek(): Token {
    const token = this.#tokens[this.#index];
    if (token === undefined) throw this.#error('the end of the statement');
    return token;
  }

  #is(keyword: string): boolean {
    return this.#peek.kind === 'word' && this.#peek.text.toUpperCase() === keyword;
  }

  #take(keyword: string): boolean {
    const found = this.#is(keyword);
    if (found) this.#index += 1;
    return found;
  }

  #takeSymbol(symbol: string): boolean {
    const found = this.#peek.kind === 'symbol' && this.#peek.text === symbol;
    if (found) this.#index += 1;
    return found;
  }

  #expect(keyword: string): void {
    if (!this.#take(keyword)) throw this.#error(keyword);
  }

  #skip(kind: Token['kind'], expected: string): void {
    if (this.#peek.kind !== kind) throw this.#error(expected);
    this.#index += 1;
  }

  #name(expected: string): string {
    const { kind, text } = this.#peek;
    if (kind !== 'word' && kind !== 'string') throw this.#error(expected);
    this.#index += 1;
    return text;
  }

  #error(expected: string): Error {
    return syntaxError(expected, this.#sql.slice(this.#tokens[this.#index]?.start ?? this.#sql.length));
  }
}
