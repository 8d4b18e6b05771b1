/** Clients choose their dialect by it. */
export const SERVER_VERSION = '8.0.0-MySwitch';

/** What stock clients read before they send the first statement of their user. */
export const SERVER_VARIABLES: ReadonlyMap<string, string> = new Map([
  ['auto_increment_increment', '1'],
  ['autocommit', '1'],
  ['character_set_database', 'utf8mb4'],
  ['character_set_client', 'utf8mb4'],
  ['character_set_connection', 'utf8mb4'],
  ['character_set_results', 'utf8mb4'],
  ['character_set_server', 'utf8mb4'],
  ['collation_connection', 'utf8mb4_general_ci'],
  ['collation_database', 'utf8mb4_general_ci'],
  ['collation_server', 'utf8mb4_general_ci'],
  ['init_connect', ''],
  ['interactive_timeout', '28800'],
  ['license', 'Apache-2.0'],
  ['lower_case_table_names', '0'],
  ['max_allowed_packet', '1048576'],
  ['net_buffer_length', '16384'],
  ['net_write_timeout', '60'],
  ['performance_schema', '0'],
  ['port', '0'],
  ['sql_mode', 'STRICT_TRANS_TABLES'],
  ['sql_auto_is_null', '0'],
  ['system_time_zone', 'UTC'],
  ['time_zone', '+00:00'],
  ['transaction_isolation', 'REPEATABLE-READ'],
  ['tx_isolation', 'REPEATABLE-READ'],
  ['version', SERVER_VERSION],
  ['version_comment', 'MySwitch admin port'],
  ['wait_timeout', '28800'],
]);
