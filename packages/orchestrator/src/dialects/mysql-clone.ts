import { number, quote, text, type ControlConnection } from '../link/control-connection';
import { markOf, type Copier } from './dialect';
import { ServerError } from '../errors';
import type { CodedMessage } from '../report';
import { accountOf, missingGrants } from './grants';
import { CLONE_NEEDS } from './privileges';

/** The copy is there, and nothing watches the server that would start it again. */
const ER_RESTART_SERVER_FAILED = 3707;
const PLUGIN = "INSTALL PLUGIN clone SONAME 'mysql_clone.so'";
const CLOSED = 'SET GLOBAL super_read_only = 0; … SET GLOBAL super_read_only = 1';
const HAS_PLUGIN =
  "SELECT COUNT(*) AS active FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'clone' AND PLUGIN_STATUS = 'ACTIVE'";

/** The clone plugin. https://dev.mysql.com/doc/refman/8.4/en/clone-plugin-remote.html */
export const copier: Copier = {
  async problems(donor, node, deadlineMs) {
    const problems = [...(await problemsOn(donor, deadlineMs)), ...(await problemsOn(node, deadlineMs))];
    if (problems.length > 0) {
      problems.push({ code: 'PRIVILEGES', message: `a read-only node is opened for that by ${CLOSED}` });
    }
    return problems;
  },

  async allow(node, from, deadlineMs) {
    await node.query(`SET GLOBAL clone_valid_donor_list = ${quote(`${from.host}:${from.port}`)}`, deadlineMs);
    // with it the former data could not be removed (1290); read_only stays on
    await node.query('SET GLOBAL super_read_only = 0', deadlineMs);
  },

  async copy(node, from, { user, password }, deadlineMs) {
    try {
      // the server keeps the password out of its process list and logs
      await node.query(
        `${markOf('clone')}CLONE INSTANCE FROM ${quote(user)}@${quote(from.host)}:${from.port} IDENTIFIED BY ${quote(password)}`,
        deadlineMs,
      );
    } catch (error) {
      if (!(error instanceof ServerError && error.errno === ER_RESTART_SERVER_FAILED)) throw error;
    }
  },

  async stop(node, id, deadlineMs) {
    // not the connection: the statement's own reply says when it is over
    await node.query(`KILL QUERY ${id}`, deadlineMs);
  },

  async progress(node, deadlineMs) {
    const rows = await node.query(
      'SELECT STAGE, STATE, ESTIMATE, DATA FROM performance_schema.clone_progress ORDER BY ID, BEGIN_TIME',
      deadlineMs,
    );
    const sum = (column: string): number => rows.reduce((total, row) => total + number(row, column), 0);
    const running = rows.find((row) => text(row, 'STATE') === 'In Progress');
    const dropped = rows.find((row) => text(row, 'STAGE') === 'DROP DATA');
    return {
      stage: text(running ?? {}, 'STAGE').toLowerCase(),
      estimate: sum('ESTIMATE'),
      done: sum('DATA'),
      destroyed: dropped !== undefined && text(dropped, 'STATE') !== 'Not Started',
    };
  },

  async outcome(node, deadlineMs) {
    const [row] = await node.query(
      'SELECT CAST(BEGIN_TIME AS CHAR) AS begun, STATE, ERROR_NO, ERROR_MESSAGE FROM performance_schema.clone_status',
      deadlineMs,
    );
    if (row === undefined) return null;
    const state = text(row, 'STATE');
    return {
      begun: text(row, 'begun'),
      state: state === 'Completed' ? 'completed' : state === 'Failed' ? 'failed' : 'running',
      error: [text(row, 'ERROR_NO'), text(row, 'ERROR_MESSAGE')]
        .filter((part) => part !== '' && part !== '0')
        .join(' '),
    };
  },
};

async function problemsOn(server: ControlConnection, deadlineMs: number): Promise<CodedMessage[]> {
  const me = await server.row('SELECT CURRENT_USER() AS me', deadlineMs);
  const grants = await server.query('SHOW GRANTS', deadlineMs);
  const missing = missingGrants(grants, CLONE_NEEDS, accountOf(text(me, 'me')));
  const problems = missing.map((grant) => ({ code: 'PRIVILEGES', message: `on ${server.node}: ${grant}` }));
  const isInstalled = number(await server.row(HAS_PLUGIN, deadlineMs), 'active') > 0;
  return isInstalled ? problems : [{ code: 'PLUGIN', message: `on ${server.node}: ${PLUGIN}` }, ...problems];
}
