import { readFileSync } from 'node:fs';
import {
  type Connection,
  type ConnectionConfig,
  type FieldInfo,
  type Pool,
  type Prepare,
  createConnection,
  createPool,
} from 'mariadb';
import { sleep } from '@myswitch/testkit';
import type { ConnectRequest, Driver, Session, Target } from '../driver';
import { InProcessSession, Named } from '../in-process';
import { bound, counted, told } from '../values';

interface Connected {
  readonly connection: Connection;
  readonly target: Target;
}

const READING = { dateStrings: true, rowsAsArray: true, metaAsArray: true };

function optionsOf({ host, port, user, password, database }: Target): ConnectionConfig {
  // a second, its default, is short while sixteen runtimes start
  const reading = { ...READING, allowPublicKeyRetrieval: true, connectTimeout: 10_000 };
  return { host, port, user, password, database, ...reading, multipleStatements: true };
}

/** The driver gives [rows, columns] or a header for one result, and lists of both for several. */
function resultsOf(result: unknown): unknown[] {
  if (!Array.isArray(result)) return [headerOf(result)];
  const [rows, columns] = result as [unknown, unknown];
  if (!Array.isArray(columns) || !Array.isArray(rows)) return [headerOf(rows)];
  // a batch that was sent row by row
  if (columns.length === 0) return rows.map(headerOf);
  const several = columns.some((column) => Array.isArray(column) || isNone(column));
  if (!several) return [tableOf(rows, columns)];
  return columns.map((one: FieldInfo[] | null | undefined, index) => {
    const part = (rows as unknown[])[index];
    return isNone(one) ? headerOf(part) : tableOf(part, one);
  });
}

/** Columns of a result without any: null in a list that was prepared, else undefined. */
const isNone = (columns: unknown): columns is null | undefined => columns === null || columns === undefined;

function headerOf(header: unknown): unknown {
  const { affectedRows, insertId, warningStatus } = header as Record<string, unknown>;
  return { affectedRows: counted(affectedRows), insertId: counted(insertId), warningStatus };
}

function tableOf(rows: unknown, columns: readonly FieldInfo[]): unknown {
  return {
    columns: columns.map((column) => [column.name(), column.type, column.flags, column.scale]),
    rows: (rows as unknown[][]).map((row) => row.map(told)),
  };
}

function open(): Session {
  const connections = new Named<Connected>();
  const statements = new Named<Prepare>();
  let pool: Pool | null = null;
  const at = (on: string | undefined): Connection => connections.get(on).connection;
  const query = async (connection: Connection, sql: string): Promise<unknown> => resultsOf(await connection.query(sql));

  return new InProcessSession(
    {
      connect: async (request: ConnectRequest & { on?: string }) => {
        const connection = await createConnection({
          ...optionsOf(request),
          ...(request.ca === undefined ? {} : { ssl: { ca: readFileSync(request.ca, 'utf8') } }),
          ...(request.compress === true ? { compress: true } : {}),
        });
        connection.on('error', () => undefined);
        connections.keep(request.on, { connection, target: request });
      },
      close: async ({ on }) => connections.take(on).connection.end(),
      info: async ({ on }) => {
        const [rows] = await at(on).query<[unknown[][]]>('SELECT CONNECTION_ID()');
        const { threadId } = at(on);
        return { version: at(on).serverVersion(), sameId: Number(rows?.[0]?.[0]) === threadId };
      },
      query: ({ on, sql }) => query(at(on), sql),
      execute: async ({ on, sql, params }) => resultsOf(await at(on).execute({ sql, ...READING }, params.map(bound))),
      prepare: async ({ on, name, sql }) => {
        statements.keep(name, await at(on).prepare(sql));
      },
      run: async ({ name, params }) => resultsOf(await statements.get(name).execute(params.map(bound))),
      unprepare: async ({ name }) => statements.take(name).close(),
      batch: async ({ on, sql, rows }) => {
        const result: unknown = await at(on).batch(
          sql,
          rows.map((row) => row.map(bound)),
        );
        return resultsOf(result);
      },
      begin: async ({ on }) => {
        await at(on).beginTransaction();
      },
      commit: async ({ on }) => {
        await at(on).commit();
      },
      rollback: async ({ on }) => {
        await at(on).rollback();
      },
      ping: async ({ on }) => {
        await at(on).ping();
      },
      reset: async ({ on }) => {
        await at(on).reset();
      },
      changeUser: async ({ on, user, password, database }) => {
        await at(on).changeUser({ user, password, database });
      },
      use: async ({ on, database }) => {
        await at(on).query(`USE \`${database}\``);
      },
      call: async ({ on, procedure, value }) => {
        await at(on).query('SET @out_of_call = NULL');
        const called = resultsOf(await at(on).execute(`CALL ${procedure}(?, @out_of_call)`, [value]));
        return [called, await query(at(on), 'SELECT @out_of_call')];
      },
      stream: async ({ on, sql }) => {
        let rows = 0;
        let last: unknown[] = [];
        for await (const row of at(on).queryStream(sql)) {
          rows += 1;
          last = row as unknown[];
        }
        return { rows, last: last.map(told) };
      },
      infile: async ({ on, sql }) => {
        const { target } = connections.get(on);
        const connection = await createConnection({ ...optionsOf(target), permitLocalInfile: true });
        try {
          return await query(connection, sql);
        } finally {
          await connection.end();
        }
      },
      cancel: async ({ on, sql }) => {
        const { connection, target } = connections.get(on);
        const running = query(connection, sql).then(
          (ok) => ({ ok }),
          (error: unknown) => ({ error }),
        );
        await sleep(500);
        const other = await createConnection(optionsOf(target));
        try {
          await other.query(`KILL QUERY ${connection.threadId}`);
        } finally {
          await other.end();
        }
        const outcome = await running;
        if ('error' in outcome) throw outcome.error;
        return outcome.ok;
      },
      poolOpen: async (request) => {
        // Validated at each loan, as its documentation has it for servers that restart.
        pool = createPool({ ...optionsOf(request), connectionLimit: 2, minDelayValidation: 0 });
      },
      poolRun: async ({ sql }) => {
        const loans = [await pool!.getConnection(), await pool!.getConnection()];
        const results: unknown[] = [];
        for (const connection of loans) {
          results.push(await query(connection, sql));
          await connection.release();
        }
        return results;
      },
      poolClose: async () => {
        await pool?.end();
        pool = null;
      },
    },
    async () => {
      for (const { connection } of connections.all()) connection.destroy();
      await pool?.end();
    },
  );
}

export const mariadb: Driver = { name: 'mariadb (npm)', open };
