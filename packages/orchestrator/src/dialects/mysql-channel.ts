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
  'Replicate_Rewrite_DB',
];

/** SHOW REPLICA STATUS: https://dev.mysql.com/doc/refman/8.4/en/show-replica-status.html */
export const channelOf = (row: Row): Channel => {
  const lag = text(row, 'Seconds_Behind_Source');
  return {
    name: text(row, 'Channel_Name'),
    sourceHost: text(row, 'Source_Host'),
    sourcePort: number(row, 'Source_Port'),
    sourceIdentity: text(row, 'Source_UUID'),
    receiving: text(row, 'Replica_IO_Running') === 'Yes',
    stopped: text(row, 'Replica_IO_Running') === 'No',
    receiverErrno: number(row, 'Last_IO_Errno'),
    applying: text(row, 'Replica_SQL_Running') === 'Yes',
    lagSeconds: lag === '' ? null : Number(lag),
    autoPosition: flag(row, 'Auto_Position'),
    delaySeconds: number(row, 'SQL_Delay'),
    filters: filled(row, FILTERS),
    lastError: text(row, 'Last_SQL_Error') || text(row, 'Last_IO_Error') || null,
  };
};

const TEXTS = {
  SOURCE_SSL_CA: 'Source_SSL_CA_File',
  SOURCE_SSL_CAPATH: 'Source_SSL_CA_Path',
  SOURCE_SSL_CERT: 'Source_SSL_Cert',
  SOURCE_SSL_KEY: 'Source_SSL_Key',
  SOURCE_SSL_CIPHER: 'Source_SSL_Cipher',
  SOURCE_SSL_CRL: 'Source_SSL_Crl',
  SOURCE_SSL_CRLPATH: 'Source_SSL_Crlpath',
  SOURCE_TLS_VERSION: 'Source_TLS_Version',
  SOURCE_PUBLIC_KEY_PATH: 'Source_public_key_path',
} as const;

/**
 * What another channel takes over: `row` of SHOW REPLICA STATUS, `more` of performance_schema.replication_connection_configuration.
 * https://dev.mysql.com/doc/refman/8.4/en/change-replication-source-to.html
 */
export function channelOptions(row: Row, more: Row): readonly string[] {
  const tls = flag(row, 'Source_SSL_Allowed');
  const heartbeat = text(more, 'HEARTBEAT_INTERVAL');
  return [
    `SOURCE_CONNECT_RETRY = ${number(row, 'Connect_Retry')}`,
    `SOURCE_RETRY_COUNT = ${number(row, 'Source_Retry_Count')}`,
    ...(heartbeat === '' ? [] : [`SOURCE_HEARTBEAT_PERIOD = ${Number(heartbeat)}`]),
    `SOURCE_SSL = ${bit(tls)}`,
    `SOURCE_SSL_VERIFY_SERVER_CERT = ${bit(flag(row, 'Source_SSL_Verify_Server_Cert'))}`,
    // without TLS caching_sha2_password needs the key for its full authentication
    `GET_SOURCE_PUBLIC_KEY = ${bit(!tls || flag(row, 'Get_Source_public_key'))}`,
    ...assignments(row, TEXTS),
    ...assignments(more, { SOURCE_COMPRESSION_ALGORITHMS: 'COMPRESSION_ALGORITHM' }),
  ];
}
