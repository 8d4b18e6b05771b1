import { DEFAULT_SQL_MODE, quoteIdentifier } from '@myswitch/protocol';
import type { Cause, SqlMode, Statement } from '@myswitch/protocol';

/**
 * What a session has set: schema, system variables and user variables, each as SQL text that makes an equal value.
 * Immutable, so that "does this backend already mean the same?" is a pointer comparison on the data path.
 * A system variable that is absent has the server's default.
 */
export class SessionContext {
  /** Its name in UTF-8, the bytes as latin1. */
  readonly schema: string | null;
  readonly variables: ReadonlyMap<string, string>;
  readonly userVariables: ReadonlyMap<string, string>;
  /** What followed SET ROLE; null: the roles of the login. */
  readonly role: string | null;
  /** Statements prepared by SQL, by name. */
  readonly prepared: ReadonlyMap<string, PreparedText>;
  /** Equal for equal schema and variables that decide how a text is read: what a prepared statement depends on. */
  readonly statementKey: string;
  /** How the tokenizer reads its texts; null: as the server's default sql_mode says. */
  readonly sqlMode: SqlMode | null;
  /** Its texts are in a character set that the tokenizer can't read: a second byte may look like a quote or a backslash. */
  readonly unreadable: boolean;
  readonly #variablesKey: string;
  readonly #userKey: string;

  constructor(
    schema: string | null,
    variables: ReadonlyMap<string, string>,
    userVariables: ReadonlyMap<string, string>,
    role: string | null = null,
    prepared: ReadonlyMap<string, PreparedText> = NONE_PREPARED,
  ) {
    this.schema = schema;
    this.variables = variables;
    this.userVariables = userVariables;
    this.role = role;
    this.prepared = prepared;
    this.statementKey = `${schema ?? '\u0001'}\u0000${READING_VARIABLES.map((name) => variables.get(name)).join('\u0000')}`;
    const mode = variables.get('sql_mode');
    this.sqlMode = mode === undefined ? null : readingOf(mode);
    this.unreadable = UNREADABLE.has(variables.get('character_set_client') ?? '');
    this.#variablesKey = mapKey(variables);
    this.#userKey = mapKey(userVariables);
  }

  equals(other: SessionContext): boolean {
    if (this === other) return true;
    return (
      this.schema === other.schema &&
      this.#variablesKey === other.#variablesKey &&
      this.#userKey === other.#userKey &&
      this.role === other.role &&
      hasSamePrepared(this, other)
    );
  }

  /** Size of the user variables' names and values. */
  get userBytes(): number {
    return this.#userKey.length;
  }

  /**
   * This context, but reading texts as `other` does: for preparing a statement again. Nothing else is changed for that:
   * setting autocommit would commit an open transaction.
   */
  readingAs(other: SessionContext): SessionContext {
    if (this.statementKey === other.statementKey) return this;
    const variables = new Map(this.variables);
    for (const name of READING_VARIABLES) {
      const value = other.variables.get(name);
      if (value === undefined) variables.delete(name);
      else variables.set(name, value);
    }
    return new SessionContext(other.schema ?? this.schema, variables, this.userVariables, this.role, this.prepared);
  }

  withSchema(schema: string | null): SessionContext {
    if (schema === this.schema) return this;
    return new SessionContext(schema, this.variables, this.userVariables, this.role, this.prepared);
  }

  withValues(system: ReadonlyMap<string, string>, user: ReadonlyMap<string, string>): SessionContext {
    if (system.size === 0 && user.size === 0) return this;
    const variables = new Map([...this.variables, ...system]);
    const userVariables = new Map([...this.userVariables, ...user]);
    for (const [name, value] of user) if (value === 'NULL') userVariables.delete(name); // unset reads as NULL
    return new SessionContext(this.schema, variables, userVariables, this.role, this.prepared);
  }

  /** `value`: SQL text; null: the server's default. */
  withVariable(name: string, value: string | null): SessionContext {
    if ((this.variables.get(name) ?? null) === value) return this;
    const variables = new Map(this.variables);
    if (value === null) variables.delete(name);
    else variables.set(name, value);
    return new SessionContext(this.schema, variables, this.userVariables, this.role, this.prepared);
  }

  /** Without what was prepared in it. */
  get bare(): SessionContext {
    return this.withAllPrepared(NONE_PREPARED);
  }

  withRole(role: string | null): SessionContext {
    if (role === this.role) return this;
    return new SessionContext(this.schema, this.variables, this.userVariables, role, this.prepared);
  }

  withAllPrepared(prepared: ReadonlyMap<string, PreparedText>): SessionContext {
    if (prepared === this.prepared) return this;
    return new SessionContext(this.schema, this.variables, this.userVariables, this.role, prepared);
  }

  /** `text` null: there is none of that name any more. */
  withPrepared(name: string, text: PreparedText | null): SessionContext {
    if (text === null && !this.prepared.has(name)) return this;
    const prepared = new Map(this.prepared);
    if (text === null) prepared.delete(name);
    else prepared.set(name, text);
    return this.withAllPrepared(prepared);
  }
}

/** What a value of sql_mode means to the tokenizer; for nearly all of them the default object itself. */
export function readingOf(sqlMode: string): SqlMode {
  const ansiQuotes = sqlMode.includes('ANSI');
  const noBackslashEscapes = sqlMode.includes('NO_BACKSLASH_ESCAPES');
  return noBackslashEscapes || ansiQuotes ? { ansiQuotes, noBackslashEscapes } : DEFAULT_SQL_MODE;
}

/** A statement that PREPARE made. */
export interface PreparedText {
  /** The string literal with its text, verbatim, as latin1. */
  readonly literal: string;
  /** What it is when it is executed. */
  readonly statement: Statement;
  readonly causes: readonly Cause[];
  /** What it was prepared in: elsewhere the same text may mean something else. */
  readonly context: SessionContext;
}

const NONE_PREPARED: ReadonlyMap<string, PreparedText> = new Map();

function hasSamePrepared({ prepared }: SessionContext, other: SessionContext): boolean {
  if (prepared === other.prepared) return true;
  if (prepared.size !== other.prepared.size) return false;
  for (const [name, text] of prepared) if (!isSamePrepared(text, other.prepared.get(name))) return false;
  return true;
}

/** SET changes character_set_connection and collation_connection through each other, so their order matters. */
export const CHARSET_VARIABLES = [
  'character_set_client',
  'character_set_results',
  'character_set_connection',
  'collation_connection',
] as const;

/** Character sets whose second bytes reach into ASCII, as the replay writes them. */
const UNREADABLE: ReadonlySet<string> = new Set(["'sjis'", "'cp932'", "'big5'", "'gbk'", "'gb18030'"]);

/** System variables that decide what a text means when it is prepared. */
const READING_VARIABLES = [
  ...CHARSET_VARIABLES,
  'sql_mode',
  'default_collation_for_utf8mb4',
  'div_precision_increment',
];

export function isSamePrepared(one: PreparedText, other: PreparedText | undefined): boolean {
  return (
    other !== undefined && one.literal === other.literal && one.context.statementKey === other.context.statementKey
  );
}

/** The statements that turn what `from` has prepared into what `to` has, with the names that they are about; as latin1. */
export function prepareStatements(from: SessionContext, to: SessionContext): { name: string; sql: string }[] {
  if (from.prepared === to.prepared) return NOTHING;
  const statements: { name: string; sql: string }[] = [];
  for (const name of from.prepared.keys()) {
    if (!to.prepared.has(name)) statements.push({ name, sql: `DEALLOCATE PREPARE ${quoteIdentifier(name)}` });
  }
  for (const [name, text] of to.prepared) {
    if (!isSamePrepared(text, from.prepared.get(name))) statements.push({ name, sql: prepareStatement(name, text) });
  }
  return statements;
}

export function prepareStatement(name: string, { literal }: PreparedText): string {
  return `PREPARE ${quoteIdentifier(name)} FROM ${literal}`;
}

const NOTHING: never[] = [];

/** The SET that turns variables of `from` into those of `to`; null when they are equal. The schema is not part of it. */
export function replayStatement(from: SessionContext, to: SessionContext): string | null {
  const parts: string[] = [];
  if (from.variables !== to.variables) systemAssignments(from.variables, to.variables, parts);
  if (from.userVariables !== to.userVariables) {
    for (const [name, value] of to.userVariables) {
      if (from.userVariables.get(name) !== value) parts.push(`@${quoteIdentifier(name)}=${value}`);
    }
    for (const name of from.userVariables.keys()) {
      // NULL alone would leave it the collation that it had
      if (!to.userVariables.has(name)) parts.push(`@${quoteIdentifier(name)}=X''`, `@${quoteIdentifier(name)}=NULL`);
    }
  }
  return parts.length === 0 ? null : `SET ${parts.join(',')}`;
}

function systemAssignments(from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>, parts: string[]): void {
  if (CHARSET_VARIABLES.some((name) => from.get(name) !== to.get(name))) {
    charsetAssignments(to, parts);
  }
  for (const [name, value] of to) {
    if (from.get(name) !== value && !isCharset(name)) parts.push(`SESSION ${name}=${value}`);
  }
  for (const name of from.keys()) if (!to.has(name) && !isCharset(name)) parts.push(`SESSION ${name}=DEFAULT`);
}

function charsetAssignments(to: ReadonlyMap<string, string>, parts: string[]): void {
  const [client, results, connection, collation] = CHARSET_VARIABLES.map((name) => to.get(name));
  if (client === results && client === connection && client !== undefined && collation !== undefined) {
    // as a login does it: client and results get the collation too, which the metadata of results then names
    parts.push(`NAMES ${client} COLLATE ${collation}`);
    return;
  }
  for (const name of CHARSET_VARIABLES) {
    const value = to.get(name);
    if (value !== undefined) parts.push(`SESSION ${name}=${value}`);
  }
}

function isCharset(name: string): boolean {
  return (CHARSET_VARIABLES as readonly string[]).includes(name);
}

function mapKey(map: ReadonlyMap<string, string>): string {
  if (map.size === 0) return '';
  return [...map.keys()]
    .sort()
    .map((name) => `${name}=${map.get(name)}`)
    .join('\u0000');
}
