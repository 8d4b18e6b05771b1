import type { Kind } from '@myswitch/testkit';
import type { Parameter } from './parameters';
import type { ProfileName } from './profiles';
import type { ChangeUserOptions, Speaker } from './speaker';

/** One command. A plain string is a COM_QUERY. */
export interface Step {
  readonly label: string;
  readonly run: (speaker: Speaker) => Promise<void>;
  /** What it tells has to differ (ids, times, names of servers): only the form of the reply is compared. */
  readonly varies?: boolean;
}

export interface Case {
  readonly title: string;
  /** Default: both. */
  readonly kind?: Kind;
  /** Default: all of them in turn. */
  readonly profiles?: readonly ProfileName[];
  /** By an administrator in the fresh schema `app_diff`. */
  readonly setup?: readonly string[];
  /** That the login names; default `app_diff`, null: none. */
  readonly database?: string | null;
  readonly steps: readonly (Step | string)[];
}

export function asStep(step: Step | string): Step {
  return typeof step === 'string' ? sql(step) : step;
}

export function sql(text: string | Buffer): Step {
  const label = typeof text === 'string' ? text : text.toString('latin1');
  return { label: label.length > 160 ? `${label.slice(0, 160)}…` : label, run: (speaker) => speaker.query(text) };
}

/** See `Step.varies`. */
export function varies(step: Step | string): Step {
  return { ...asStep(step), varies: true };
}

export function prepare(name: string, text: string): Step {
  return { label: `PREPARE ${name}: ${text}`, run: (speaker) => speaker.prepare(name, text) };
}

export interface ExecuteOptions {
  /** Cursor type; default none. */
  readonly flags?: number;
  /** Types are not sent again. */
  readonly bound?: boolean;
}

export function execute(name: string, parameters: readonly Parameter[] = [], options: ExecuteOptions = {}): Step {
  return {
    label: `EXECUTE ${name} (${parameters.map(({ label }) => label).join(', ')})${JSON.stringify(options)}`,
    run: (speaker) => speaker.execute(name, parameters, options),
  };
}

export function longData(name: string, parameter: number, data: Buffer | string): Step {
  return {
    label: `SEND_LONG_DATA ${name} ${parameter} ${data.length} bytes`,
    run: (speaker) => speaker.longData(name, parameter, Buffer.from(data as string)),
  };
}

export function resetStatement(name: string): Step {
  return { label: `STMT_RESET ${name}`, run: (speaker) => speaker.resetStatement(name) };
}

export function closeStatement(name: string): Step {
  return { label: `STMT_CLOSE ${name}`, run: (speaker) => speaker.closeStatement(name) };
}

export function fetch(name: string, rows: number): Step {
  return { label: `STMT_FETCH ${name} ${rows}`, run: (speaker) => speaker.fetch(name, rows) };
}

export function initDb(schema: string): Step {
  return { label: `INIT_DB ${schema}`, run: (speaker) => speaker.initDb(schema) };
}

export function fieldList(table: string, wildcard = ''): Step {
  return { label: `FIELD_LIST ${table} ${wildcard}`, run: (speaker) => speaker.fieldList(table, wildcard) };
}

export function ping(): Step {
  return { label: 'PING', run: (speaker) => speaker.ping() };
}

export function statistics(): Step {
  return { label: 'STATISTICS', varies: true, run: (speaker) => speaker.statistics() };
}

export function setOption(option: number): Step {
  return { label: `SET_OPTION ${option}`, run: (speaker) => speaker.setOption(option) };
}

export function resetConnection(): Step {
  return { label: 'RESET_CONNECTION', run: (speaker) => speaker.resetConnection() };
}

export function changeUser(options: ChangeUserOptions = {}): Step {
  return { label: `CHANGE_USER ${options.user ?? ''}`, run: (speaker) => speaker.changeUser(options) };
}

/** Any command that is answered with one packet. */
export function raw(label: string, command: number, argument: Buffer | string = ''): Step {
  return { label, run: (speaker) => speaker.single(command, argument) };
}
