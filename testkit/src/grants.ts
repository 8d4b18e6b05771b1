import type { Kind } from './provision';

/** What MySwitch's control account needs, and what each is for. Nothing here lets it read or write application data. */
const CONTROL: Record<Kind, readonly string[]> = {
  mariadb: [
    // SHOW REPLICA STATUS, SHOW BINLOG STATUS, SHOW REPLICA HOSTS
    'REPLICA MONITOR, BINLOG MONITOR, REPLICATION MASTER ADMIN',
    // CHANGE MASTER, START/STOP REPLICA, gtid_slave_pos
    'REPLICATION SLAVE ADMIN',
    // the fence: FLUSH TABLES WITH READ LOCK, read_only; and writing the heartbeat whatever read_only says
    'RELOAD, READ_ONLY ADMIN',
    // see and end bypassing sessions
    'PROCESS, CONNECTION ADMIN',
    // enable events on the new primary without becoming their definer; event_scheduler
    'EVENT, SET USER, SUPER',
  ],
  mysql: [
    'REPLICATION CLIENT, REPLICATION SLAVE, REPLICATION_SLAVE_ADMIN',
    'RELOAD, SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN',
    'PROCESS, XA_RECOVER_ADMIN',
    'EVENT, SET_ANY_DEFINER',
  ],
};

/** Tables of the server that the preflight reads: accounts and plugins are compared between nodes. */
const CONTROL_READS: Record<Kind, readonly string[]> = {
  mariadb: ['mysql.*'],
  mysql: ['mysql.*', 'performance_schema.*'],
};

/**
 * The least privileges with which MySwitch does its work, as statements for the accounts `myswitch` (control) and `repl`
 * (what replicas log in with). README and guides quote them from here.
 */
export function grants(kind: Kind): string[] {
  return [
    `GRANT ${CONTROL[kind].join(', ')} ON *.* TO 'myswitch'@'%'`,
    ...CONTROL_READS[kind].map((tables) => `GRANT SELECT ON ${tables} TO 'myswitch'@'%'`),
    `GRANT CREATE, SELECT, INSERT, UPDATE, DELETE ON myswitch.* TO 'myswitch'@'%'`,
    `GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%'`,
  ];
}
