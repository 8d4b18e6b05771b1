import { flag, number, text, type Row } from '../link/control-connection';
import type { Channel } from './dialect';
import { assignments, bit, filled } from './shared';

const FILTERS = [
  'Replicate_Do_DB',
  'Replicate_Ignore_DB',
  'Replicate_Do_Table',
  'Replicate_Ignore_Table',
  'Replicate_Wild_Do_Table',
  'Replicate_Wild_Ignore_Table',
  'Replicate_Do_Domain_Ids',
  'Replicate_Ignore_Domain_Ids',
  'Replicate_Rewrite_DB',
];

/** SHOW ALL SLAVES STATUS: https://mariadb.com/kb/en/show-replica-status/ */
export const channelOf = (row: Row): Channel => {
  const lag = text(row, 'Seconds_Behind_Master');
  const identity = text(row, 'Master_Server_Id');
  return {
    name: text(row, 'Connection_name'),
    sourceHost: text(row, 'Master_Host'),
    sourcePort: number(row, 'Master_Port'),
    sourceIdentity: identity === '0' ? '' : identity,
    receiving: text(row, 'Slave_IO_Running') === 'Yes',
    stopped: text(row, 'Slave_IO_Running') === 'No',
    receiverErrno: number(row, 'Last_IO_Errno'),
    applying: text(row, 'Slave_SQL_Running') === 'Yes',
    lagSeconds: lag === '' ? null : Number(lag),
    autoPosition: text(row, 'Using_Gtid') !== 'No',
    delaySeconds: number(row, 'SQL_Delay'),
    filters: filled(row, FILTERS),
    lastError: text(row, 'Last_SQL_Error') || text(row, 'Last_IO_Error') || null,
  };
};

const TEXTS = {
  MASTER_SSL_CA: 'Master_SSL_CA_File',
  MASTER_SSL_CAPATH: 'Master_SSL_CA_Path',
  MASTER_SSL_CERT: 'Master_SSL_Cert',
  MASTER_SSL_KEY: 'Master_SSL_Key',
  MASTER_SSL_CIPHER: 'Master_SSL_Cipher',
  MASTER_SSL_CRL: 'Master_SSL_Crl',
  MASTER_SSL_CRLPATH: 'Master_SSL_Crlpath',
} as const;

/** What another channel takes over: https://mariadb.com/kb/en/change-master-to/ */
export const channelOptions = (row: Row): readonly string[] => [
  `MASTER_CONNECT_RETRY = ${number(row, 'Connect_Retry')}`,
  `MASTER_HEARTBEAT_PERIOD = ${number(row, 'Slave_heartbeat_period')}`,
  `MASTER_SSL = ${bit(flag(row, 'Master_SSL_Allowed'))}`,
  `MASTER_SSL_VERIFY_SERVER_CERT = ${bit(flag(row, 'Master_SSL_Verify_Server_Cert'))}`,
  ...assignments(row, TEXTS),
];
