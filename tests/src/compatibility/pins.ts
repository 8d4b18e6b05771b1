import { Pin, WeakPin } from '@myswitch/proxy';

interface Meaning {
  readonly by: string;
  readonly until: string;
}

const RESET = 'the connection is reset';

/** What makes a session stay where it is, and how that ends. */
export const PINS: Readonly<Record<Pin, Meaning>> = {
  [Pin.TEMPORARY_TABLE]: { by: 'CREATE TEMPORARY TABLE', until: 'each of them was dropped by its name' },
  [Pin.GET_LOCK]: {
    by: 'GET_LOCK()',
    until: 'the server says that each named lock is free, or RELEASE_ALL_LOCKS()',
  },
  [Pin.LOCK_TABLES]: { by: 'LOCK TABLES', until: 'UNLOCK TABLES, BEGIN' },
  [Pin.READ_LOCK]: { by: 'FLUSH TABLES … WITH READ LOCK, FOR EXPORT', until: 'UNLOCK TABLES' },
  [Pin.INSTANCE_LOCK]: {
    by: 'LOCK INSTANCE FOR BACKUP, BACKUP STAGE, BACKUP LOCK',
    until: 'UNLOCK INSTANCE, BACKUP STAGE END, BACKUP UNLOCK',
  },
  [Pin.USER_VARIABLE]: { by: 'user variables with a name outside ASCII, or of more than 64 KiB', until: RESET },
  [Pin.SQL_PREPARE]: {
    by: 'PREPARE from a text that is not known, or while a temporary table exists; more than 64 of them',
    until: 'DEALLOCATE PREPARE',
  },
  [Pin.HANDLER]: { by: 'HANDLER … OPEN', until: 'HANDLER … CLOSE of each' },
  [Pin.XA]: { by: 'XA START', until: 'XA COMMIT, XA ROLLBACK' },
  [Pin.SAVEPOINT]: {
    by: 'SAVEPOINT with autocommit off, before the first statement',
    until: 'that transaction ends',
  },
  [Pin.TRANSACTION_CHARACTERISTICS]: {
    by: 'SET TRANSACTION for the next transaction only, and something after it',
    until: 'that transaction ends',
  },
  [Pin.ROLE]: { by: 'SET ROLE with more than 4 KiB of text', until: RESET },
  [Pin.ONE_SHOT]: {
    by: 'SET insert_id, rand_seed1, gtid_next, pseudo_… and the like',
    until: 'an INSERT that used the id; DEFAULT, 0 or AUTOMATIC',
  },
  [Pin.SEQUENCE]: { by: 'NEXT VALUE FOR (MariaDB)', until: RESET },
  [Pin.LONG_DATA]: { by: 'COM_STMT_SEND_LONG_DATA', until: 'EXECUTE, reset or close of the statement' },
  [Pin.CURSOR]: { by: 'a server-side cursor', until: 'its last row, reset or close' },
  [Pin.REPLICATION_STREAM]: {
    by: 'COM_REGISTER_REPLICA, COM_BINLOG_DUMP, COM_BINLOG_DUMP_GTID',
    until: 'the connection is reset or ends',
  },
  [Pin.UNKNOWN_STATE]: {
    by: 'a procedure or trigger changed something that can’t be read back; what runs text that is not in front of us failed; `character_set_client` sjis, cp932, big5, gbk or gb18030',
    until: RESET,
  },
};

/** They keep it for the next statement only, and a switch ends them. */
export const WEAK_PINS: Readonly<Record<WeakPin, Meaning>> = {
  [WeakPin.FOUND_ROWS]: { by: 'SELECT SQL_CALC_FOUND_ROWS', until: 'the next statement, or a switch' },
  [WeakPin.WARNINGS]: { by: 'a statement with warnings or an error', until: 'the next statement, or a switch' },
};
