import { createReadStream, readFileSync } from 'node:fs';
import type { Connection as CallbackConnection } from 'mysql2';
import {
  type Connection,
  type ConnectionOptions,
  type FieldPacket,
  type Pool,
  type PreparedStatementInfo,
  createConnection,
  createPool,
} from 'mysql2/promise';
import { sleep } from '@myswitch/testkit';
import type { ConnectRequest, Driver, Session, Target } from '../driver';
import { InProcessSession, Named } from '../in-process';
import { bound, counted, told } from '../values';

interface Connected {
  readonly connection: Connection;
  readonly target: Target;
}

function optionsOf({ host, port, user, password, database }: Target): ConnectionOptions {
  const types = { supportBigNumbers: true, dateStrings: true };
  return { host, port, user, password, database, ...types, rowsAsArray: true, multipleStatements: true };
}

/** `fields` is a list of columns, or of such lists when there were several results. */
function resultsOf(rows: unknown, fields: unknown): unknown[] {
  if (!Array.isArray(fields)) return [headerOf(rows)];
  const several = fields.some((field) => Array.isArray(field) || field === undefined);
  if (!several) return [{ columns: columnsOf(fields as FieldPacket[]), rows: rowsOf(rows) }];
  return fields.map((one: FieldPacket[] | undefined, index) => {
    const result = (rows as unknown[])[index];
    return one === undefined ? headerOf(result) : { columns: columnsOf(one), rows: rowsOf(result) };
  });
}

function headerOf(header: unknown): unknown {
  const { affectedRows, insertId, info, warningStatus } = header as Record<string, unknown>;
  return { affectedRows: counted(affectedRows), insertId: counted(insertId), info, warningStatus };
}

const columnsOf = (fields: readonly FieldPacket[]): unknown[] =>
  fields.map(({ name, type, flags, decimals }) => [name, type, flags, decimals]);
const rowsOf = (rows: unknown): unknown[] => (rows as unknown[][]).map((row) => row.map(told));

function open(): Session {
  const connections = new Named<Connected>();
  const statements = new Named<PreparedStatementInfo>();
  let pool: Pool | null = null;
  const at = (on: string | undefined): Connection => connections.get(on).connection;
  const query = async (connection: Connection, sql: string): Promise<unknown> =>
    resultsOf(...(await connection.query(sql)));

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
        const [rows] = await at(on).query('SELECT CONNECTION_ID()');
        return { sameId: Number((rows as unknown[][])[0]?.[0]) === at(on).threadId };
      },
      query: ({ on, sql }) => query(at(on), sql),
      execute: async ({ on, sql, params }) => {
        const result = resultsOf(...(await at(on).execute(sql, params.map(bound))));
        at(on).unprepare(sql);
        return result;
      },
      prepare: async ({ on, name, sql }) => {
        statements.keep(name, await at(on).prepare(sql));
      },
      run: async ({ name, params }) => {
        const [rows, fields] = await statements.get(name).execute(params.map(bound));
        return resultsOf(rows, fields);
      },
      unprepare: async ({ name }) => statements.take(name).close(),
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
        const called = resultsOf(...(await at(on).execute(`CALL ${procedure}(?, @out_of_call)`, [value])));
        return [called, await query(at(on), 'SELECT @out_of_call')];
      },
      stream: async ({ on, sql }) => {
        let rows = 0;
        let last: unknown[] = [];
        // The promise API has no streams; the connection below it has.
        const { connection } = at(on) as unknown as { readonly connection: CallbackConnection };
        for await (const row of connection.query(sql).stream()) {
          rows += 1;
          last = row as unknown[];
        }
        return { rows, last: last.map(told) };
      },
      infile: async ({ on, sql }) => {
        const infileStreamFactory = (path: string): ReturnType<typeof createReadStream> => createReadStream(path);
        return resultsOf(...(await at(on).query({ sql, infileStreamFactory })));
      },
      // It has nothing of its own: applications do this.
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
        pool = createPool({ ...optionsOf(request), connectionLimit: 2 });
      },
      poolRun: async ({ sql }) => {
        const one = await pool!.getConnection();
        const other = await pool!.getConnection();
        const results: unknown[] = [];
        for (const connection of [one, other]) {
          await connection.ping();
          results.push(await query(connection, sql));
          connection.release();
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

export const mysql2: Driver = { name: 'mysql2', open };
