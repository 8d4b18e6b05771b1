import type { AdminContext, AdminSession } from '../context';
import { AdminError } from '../errors';
import { isLike } from '../like';
import type { Reply } from '../reply';
import type { SelectItem } from '../statement';
import { SERVER_VERSION, SERVER_VARIABLES } from '../server-variables';

/** The one schema there is, for clients that insist on one. */
const SCHEMA = 'myswitch';

/** SELECT of variables, functions and literals: what clients ask on their own. One row. */
export function select(context: AdminContext, session: AdminSession, items: readonly SelectItem[], reply: Reply): void {
  reply.table(
    items.map(({ name }) => name),
    [items.map((item) => valueOf(context, session, item))],
  );
}

/** USE and COM_INIT_DB. @throws AdminError 1049 */
export function use(session: AdminSession, schema: string): void {
  if (schema !== SCHEMA) throw new AdminError('UNKNOWN_SCHEMA', 1049, '42000', `Unknown database '${schema}'`);
  session.schema = schema;
}

/** SHOW VARIABLES [LIKE 'pattern']: the configuration's, then those that clients look for. */
export function showVariables(context: AdminContext, like: string | null, reply: Reply): void {
  const rows = [...context.variables, ...SERVER_VARIABLES].filter(([name]) => like === null || isLike(name, like));
  reply.table(['Variable_name', 'Value'], rows);
}

export function showDatabases(reply: Reply): void {
  reply.table(['Database'], [[SCHEMA]]);
}

export function showTables(reply: Reply): void {
  reply.table([`Tables_in_${SCHEMA}`], []);
}

export function showWarnings(reply: Reply): void {
  reply.table(['Level', { name: 'Code', type: 'integer' }, 'Message'], []);
}

function valueOf(context: AdminContext, session: AdminSession, { kind, value }: SelectItem): string | null {
  if (kind === 'literal') return value;
  if (kind === 'variable') {
    const found = SERVER_VARIABLES.get(value) ?? context.variables.get(value);
    if (found === undefined) {
      throw new AdminError('UNKNOWN_VARIABLE', 1193, 'HY000', `Unknown system variable '${value}'`);
    }
    return found;
  }
  switch (value) {
    case 'database':
    case 'schema':
      return session.schema;
    case 'version':
      return SERVER_VERSION;
    case 'connection_id':
      return String(session.id);
    case 'user':
    case 'current_user':
      return session.by;
    default:
      throw new AdminError('UNKNOWN_FUNCTION', 1305, '42000', `FUNCTION ${value} does not exist`);
  }
}
