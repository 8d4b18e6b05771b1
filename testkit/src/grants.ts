import type { Kind } from './provision';

export interface GrantOptions {
  /** The data has events, which a switch has to stop on the old primary and enable on the new one. */
  readonly events?: boolean;
}

/** What MySwitch's control account needs, and what each is for. Nothing here lets it read or write application data. */
const CONTROL: Record<Kind, readonly string[]> = {
  mariadb: [
    // SHOW REPLICA STATUS, SHOW BINLOG STATUS, semi-sync
    'SLAVE MONITOR, BINLOG MONITOR, REPLICATION MASTER ADMIN',
    // CHANGE MASTER, STOP SLAVE, RESET SLAVE
    'REPLICATION SLAVE ADMIN',
    // the fence: FLUSH TABLES WITH READ LOCK, and read_only
    'RELOAD, READ_ONLY ADMIN',
    // see and end bypassing sessions
    'PROCESS, CONNECTION ADMIN',
    // enable events on the new primary without becoming their definer
    'EVENT, SET USER',
  ],
  mysql: [
    // SHOW REPLICA STATUS, CHANGE REPLICATION SOURCE, STOP REPLICA; RESET REPLICA
    'REPLICATION CLIENT, REPLICATION_SLAVE_ADMIN, RELOAD',
    // the fence: super_read_only wants both; the second also sees and ends bypassing sessions, with PROCESS
    'SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN, PROCESS',
    // transactions that would pass the fence
    'XA_RECOVER_ADMIN',
    // enable events on the new primary without becoming their definer
    'EVENT, SET_ANY_DEFINER',
  ],
};

/**
 * MariaDB lets nothing less than SUPER set event_scheduler. MySQL lets nobody else alter an event, or end a session, of an
 * account that has SYSTEM_USER, as administrators have.
 */
const CONTROL_WITH_EVENTS: Record<Kind, string> = { mariadb: 'SUPER', mysql: 'SYSTEM_USER' };

/** Tables of the server that the preflight reads: accounts and their grants are compared between nodes. */
const CONTROL_READS: Record<Kind, readonly string[]> = {
  mariadb: ['user', 'global_priv', 'db', 'tables_priv', 'columns_priv', 'procs_priv', 'roles_mapping'].map(
    (table) => `mysql.${table}`,
  ),
  mysql: [
    ...['user', 'db', 'tables_priv', 'columns_priv', 'procs_priv', 'global_grants', 'role_edges'].map(
      (table) => `mysql.${table}`,
    ),
    // the channel's options, which the old primary's new channel takes over
    'performance_schema.replication_connection_configuration',
  ],
};

/**
 * The least privileges with which MySwitch does its work, as statements for the accounts `myswitch` (control) and `repl`
 * (what replicas log in with). README and guides quote them from here.
 */
export function grants(kind: Kind, options: GrantOptions = {}): string[] {
  const control = [...CONTROL[kind]];
  if (options.events === true) control.push(CONTROL_WITH_EVENTS[kind]);
  return [
    `GRANT ${control.join(', ')} ON *.* TO 'myswitch'@'%'`,
    ...CONTROL_READS[kind].map((tables) => `GRANT SELECT ON ${tables} TO 'myswitch'@'%'`),
    `GRANT CREATE, SELECT, INSERT, UPDATE ON myswitch.* TO 'myswitch'@'%'`,
    `GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%'`,
  ];
}
