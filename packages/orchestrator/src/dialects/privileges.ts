import { quote } from '../link/control-connection';
import type { Kind } from './dialect';
import type { Need } from './grants';
import { NEWEST, type Terms } from './mysql-terms';

/** What the control account needs on the whole server, and what each is for. Nothing here lets it read or write application data. */
const SERVER_WIDE: Readonly<Record<Kind, (terms: Terms) => readonly (readonly string[])[]>> = {
  mariadb: () => [
    // SHOW REPLICA STATUS, SHOW BINLOG STATUS, semi-sync; SHOW SLAVE HOSTS
    ['SLAVE MONITOR', 'BINLOG MONITOR', 'REPLICATION MASTER ADMIN'],
    // CHANGE MASTER, STOP SLAVE, RESET SLAVE
    ['REPLICATION SLAVE ADMIN'],
    // the fence: FLUSH TABLES WITH READ LOCK, and read_only
    ['RELOAD', 'READ_ONLY ADMIN'],
    // see and end bypassing sessions
    ['PROCESS', 'CONNECTION ADMIN'],
    // enable events on the new primary without becoming their definer
    ['EVENT', 'SET USER'],
  ],
  mysql: ({ setDefiner }) => [
    // SHOW REPLICA STATUS, CHANGE REPLICATION SOURCE, STOP REPLICA; RESET REPLICA
    ['REPLICATION CLIENT', 'REPLICATION_SLAVE_ADMIN', 'RELOAD'],
    // the fence: super_read_only wants both; the second also sees and ends bypassing sessions, with PROCESS
    ['SYSTEM_VARIABLES_ADMIN', 'CONNECTION_ADMIN', 'PROCESS'],
    // transactions that would pass the fence
    ['XA_RECOVER_ADMIN'],
    // enable events on the new primary without becoming their definer
    ['EVENT', setDefiner],
  ],
};

/**
 * MariaDB lets nothing less than SUPER set event_scheduler. MySQL lets nobody else alter an event, or end a session, of an
 * account that has SYSTEM_USER, as administrators have.
 */
export const EVENTS_NEED: Readonly<Record<Kind, string>> = { mariadb: 'SUPER', mysql: 'SYSTEM_USER' };

/** Tables of the schema `mysql` in which the accounts are, which are compared between nodes. */
export const ACCOUNT_TABLES: Readonly<Record<Kind, readonly string[]>> = {
  mariadb: ['global_priv', 'db', 'tables_priv', 'columns_priv', 'procs_priv', 'roles_mapping'],
  mysql: ['user', 'db', 'tables_priv', 'columns_priv', 'procs_priv', 'global_grants', 'role_edges'],
};

const READS: Readonly<Record<Kind, readonly string[]>> = {
  mariadb: ['user', ...ACCOUNT_TABLES.mariadb].map((table) => `mysql.${table}`),
  mysql: [
    ...ACCOUNT_TABLES.mysql.map((table) => `mysql.${table}`),
    // the channel's options, which the old primary's new channel takes over
    'performance_schema.replication_connection_configuration',
  ],
};

/** In its own schema: the heartbeat. */
const OWN_SCHEMA = ['CREATE', 'SELECT', 'INSERT', 'UPDATE'];

const serverWide = (kind: Kind, events: boolean, terms: Terms): readonly string[] => [
  ...SERVER_WIDE[kind](terms).flat(),
  ...(events ? [EVENTS_NEED[kind]] : []),
];

/** One by one, as they are compared with SHOW GRANTS. `schema` is MySwitch's own; `events`: the data has some. */
export const controlNeeds = (kind: Kind, schema: string, events: boolean, terms: Terms = NEWEST): readonly Need[] => [
  ...serverWide(kind, events, terms).map((privilege) => ({ privilege, on: '*.*' })),
  ...READS[kind].map((on) => ({ privilege: 'SELECT', on })),
  ...OWN_SCHEMA.map((privilege) => ({ privilege, on: `${schema}.*` })),
];

/**
 * For `rejoin --rebuild` of MySQL, on donor and recipient alike. CLONE_ADMIN does not include BACKUP_ADMIN for a donor; the tables tell of the
 * progress. https://dev.mysql.com/doc/refman/8.4/en/clone-plugin-remote.html
 */
export const CLONE_NEEDS: readonly Need[] = [
  { privilege: 'CLONE_ADMIN', on: '*.*' },
  { privilege: 'BACKUP_ADMIN', on: '*.*' },
  { privilege: 'SELECT', on: 'performance_schema.clone_status' },
  { privilege: 'SELECT', on: 'performance_schema.clone_progress' },
];

export const REPLICATION_NEEDS: readonly Need[] = [{ privilege: 'REPLICATION SLAVE', on: '*.*' }];

/** Names of the two accounts that MySwitch needs on the servers. */
export interface AccountNames {
  readonly control: string;
  /** What replicas log in with. */
  readonly replication: string;
}

/** From any host. */
const anywhere = (user: string): string => `${quote(user)}@'%'`;

/** The statements that make the accounts, but for the passwords. */
export const createStatements = ({ control, replication }: AccountNames): readonly string[] =>
  [control, replication].map((user) => `CREATE USER ${anywhere(user)} IDENTIFIED BY '…'`);

/** The least privileges with which MySwitch does its work, as statements. README, guides and the test servers have them from here. */
export function grantStatements(
  kind: Kind,
  names: AccountNames,
  terms: Terms = NEWEST,
  events = false,
  schema = 'myswitch',
): readonly string[] {
  const control = anywhere(names.control);
  return [
    `GRANT ${serverWide(kind, events, terms).join(', ')} ON *.* TO ${control}`,
    ...READS[kind].map((tables) => `GRANT SELECT ON ${tables} TO ${control}`),
    `GRANT ${OWN_SCHEMA.join(', ')} ON ${schema}.* TO ${control}`,
    ...REPLICATION_NEEDS.map(({ privilege, on }) => `GRANT ${privilege} ON ${on} TO ${anywhere(names.replication)}`),
  ];
}

/** What the control account needs besides, to copy one MySQL server over another. */
export const cloneGrantStatements = (control: string): readonly string[] =>
  CLONE_NEEDS.map(({ privilege, on }) => `GRANT ${privilege} ON ${on} TO ${anywhere(control)}`);
