import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ACCOUNTS, type Tool } from '@myswitch/testkit';

const run = promisify(execFile);

export const TESTS = Object.freeze(['oltp_point_select', 'oltp_read_write'] as const);
export type Test = (typeof TESTS)[number];

/** `text`: COM_QUERY only; `prepared`: COM_STMT_EXECUTE wherever sysbench can. */
export const PROTOCOLS = Object.freeze(['text', 'prepared'] as const);
export type Protocol = (typeof PROTOCOLS)[number];

const PS_MODE: Record<Protocol, string> = { text: 'disable', prepared: 'auto' };

const TABLES = 4;
const ROWS = 10_000;

export interface Load {
  readonly test: Test;
  readonly protocol: Protocol;
  readonly threads: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly queries: number;
  readonly queriesPerSecond: number;
  /** Of sysbench's events (one query, or one transaction), in ms. */
  readonly p99: number;
  /** Events that sysbench ran again: deadlocks. */
  readonly ignoredErrors: number;
}

export class Sysbench {
  private readonly tool: Tool;

  constructor(tool: Tool) {
    this.tool = tool;
  }

  /** Creates the tables that all tests use. */
  async prepare(port: number): Promise<void> {
    await this.run(port, ['oltp_read_write', 'prepare']);
  }

  async load(port: number, { test, protocol, threads, seconds }: Load): Promise<LoadResult> {
    const options = [`--threads=${threads}`, `--time=${seconds}`, '--percentile=99', '--report-interval=0'];
    const output = await this.run(port, [`--db-ps-mode=${PS_MODE[protocol]}`, ...options, test, 'run']);
    const [, queries, queriesPerSecond] = match(output, /queries:\s+(\d+)\s+\(([\d.]+) per sec/);
    const [, p99] = match(output, /99th percentile:\s+([\d.]+)/);
    const [, ignoredErrors] = match(output, /ignored errors:\s+(\d+)/);
    return {
      queries: Number(queries),
      queriesPerSecond: Number(queriesPerSecond),
      p99: Number(p99),
      ignoredErrors: Number(ignoredErrors),
    };
  }

  private async run(port: number, args: readonly string[]): Promise<string> {
    const { command, args: first, base, env } = this.tool;
    const { user, password } = ACCOUNTS.app;
    const server = ['--db-driver=mysql', '--mysql-host=127.0.0.1', `--mysql-port=${port}`, '--mysql-db=shop'];
    const account = [`--mysql-user=${user}`, `--mysql-password=${password}`];
    const data = [`--tables=${TABLES}`, `--table-size=${ROWS}`];
    const { stdout } = await run(command, [...first, ...server, ...account, ...data, ...args], {
      // where it finds its tests
      cwd: join(base, 'share', 'sysbench'),
      env: { ...process.env, ...env },
    });
    return stdout;
  }
}

function match(output: string, pattern: RegExp): RegExpExecArray {
  const found = pattern.exec(output);
  if (found === null) throw new Error(`sysbench printed no ${pattern.source}:\n${output}`);
  return found;
}
