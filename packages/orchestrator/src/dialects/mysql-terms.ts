/** What MySQL 8 has called by two names. */
export interface Terms {
  /** Statement with the binary log's filters. */
  readonly binlogStatus: string;
  /** Statement that forgets the binary log and gtid_executed. */
  readonly resetBinlog: string;
  /** The variable that makes a replica log what it applies. */
  readonly logReplicaUpdates: string;
  /** STATUS of an event that came by replication, in information_schema.EVENTS. */
  readonly sleepingEvent: string;
  /** The privilege to alter an event without becoming its definer. */
  readonly setDefiner: string;
}

interface Renamed {
  readonly since: readonly [number, number, number];
  readonly to: string;
  readonly from: string;
}

/**
 * From the release notes and https://dev.mysql.com/doc/refman/8.4/en/mysql-nutshell.html. The old names are gone with 8.4 at the latest. What
 * else was renamed (REPLICA, SOURCE, CHANGE REPLICATION SOURCE) had its new name in 8.0.23, the oldest version that is supported; the names of
 * semi-sync go by the plugin that is loaded.
 */
const RENAMED: Readonly<Record<keyof Terms, Renamed>> = {
  binlogStatus: { since: [8, 2, 0], to: 'SHOW BINARY LOG STATUS', from: 'SHOW MASTER STATUS' },
  resetBinlog: { since: [8, 2, 0], to: 'RESET BINARY LOGS AND GTIDS', from: 'RESET MASTER' },
  logReplicaUpdates: { since: [8, 0, 26], to: 'log_replica_updates', from: 'log_slave_updates' },
  sleepingEvent: { since: [8, 2, 0], to: 'REPLICA_SIDE_DISABLED', from: 'SLAVESIDE_DISABLED' },
  setDefiner: { since: [8, 2, 0], to: 'SET_ANY_DEFINER', from: 'SET_USER_ID' },
};

/** `version`: as `@@version` has it, such as 8.0.36-0ubuntu0.22.04.1; empty: not known, so the newest. */
export function termsOf(version: string): Terms {
  const name = (term: keyof Terms): string => {
    const { since, to, from } = RENAMED[term];
    return isBefore(version, since) ? from : to;
  };
  return {
    binlogStatus: name('binlogStatus'),
    resetBinlog: name('resetBinlog'),
    logReplicaUpdates: name('logReplicaUpdates'),
    sleepingEvent: name('sleepingEvent'),
    setDefiner: name('setDefiner'),
  };
}

function isBefore(version: string, since: Renamed['since']): boolean {
  if (version === '') return false;
  const parts = version.split(/[.-]/).map(Number);
  for (const [index, least] of since.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part < least;
  }
  return false;
}

/** Where no server is asked: of all versions since 8.4. */
export const NEWEST = termsOf('');
