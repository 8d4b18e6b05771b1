import { param } from './data';
import type { Asking } from './step';

const STATE = `SELECT DATABASE(), @@SESSION.sql_mode, @@SESSION.time_zone, @@SESSION.group_concat_max_len, @keep, @number,
  @@SESSION.character_set_client, @@SESSION.collation_connection, @@SESSION.autocommit`;

/** Its name depends on the kind. */
const ISOLATION = "SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation')";

/** How the requests begin that are asked after every step. */
export const STATE_REQUESTS = /^(query SELECT DATABASE\(\), @@SESSION|query SHOW SESSION VARIABLES|run kept|commit$)/;

/** Asked after every step, so that also what an earlier one set has to have come through the switch. */
export async function readState(job: Asking): Promise<void> {
  await job.query(STATE);
  await job.query(ISOLATION);
  await job.ask({ op: 'run', name: 'kept', params: [param('int', '2')] });
}
