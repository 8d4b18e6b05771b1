import { identifier, text, type Row } from '../link/control-connection';

/** A privilege that the control account needs, and which server-wide ones include it. */
export interface Need {
  readonly privilege: string;
  readonly on: string;
}

interface Grant {
  readonly privileges: ReadonlySet<string>;
  readonly on: string;
}

const GRANT = /^GRANT (.+?) ON (\S+) TO /i;

function parse(line: string): Grant | null {
  const match = GRANT.exec(line);
  const [, privileges, on] = match ?? [];
  if (privileges === undefined || on === undefined) {
    return null;
  }
  return {
    privileges: new Set(privileges.split(',').map((name) => name.trim().toUpperCase())),
    on: on.replaceAll('`', '').replaceAll('\\', '').toLowerCase(),
  };
}

const covers = (grant: Grant, need: Need): boolean => {
  const [schema] = need.on.split('.');
  const on = [need.on.toLowerCase(), '*.*', `${(schema ?? '').toLowerCase()}.*`];
  return on.includes(grant.on) && (grant.privileges.has(need.privilege) || grant.privileges.has('ALL PRIVILEGES'));
};

/** `rows` is the result of SHOW GRANTS; the answer is one GRANT statement for each need that no line covers. */
export function missingGrants(rows: readonly Row[], needs: readonly Need[], account: string): readonly string[] {
  const grants = rows
    .map((row) => parse(text(row, Object.keys(row)[0] ?? '')))
    .filter((grant): grant is Grant => grant !== null);
  return needs
    .filter((need) => !grants.some((grant) => covers(grant, need)))
    .map((need) => `GRANT ${need.privilege} ON ${need.on} TO ${account}`);
}

/** user@host, as CURRENT_USER() and DEFINER columns have it, quoted for a statement. */
export const accountOf = (currentUser: string): string => {
  const at = currentUser.lastIndexOf('@');
  return `${identifier(currentUser.slice(0, at))}@${identifier(currentUser.slice(at + 1))}`;
};
