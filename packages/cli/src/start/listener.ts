import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LISTEN = '0A';

/**
 * The process that listens on a TCP port of this machine, such as `mysqld (pid 4711)`; null where the system does not tell us: processes of
 * others, containers, systems without /proc. Fields as in proc_pid_net(5): local address, state and inode are the 2nd, 4th and 10th.
 */
export function listenerOn(port: number): string | null {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const listening = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
      quietly(() => readFileSync(table, 'utf8'), '')
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .filter((fields) => fields[1]?.endsWith(`:${hex}`) === true && fields[3] === LISTEN)
        .map((fields) => `socket:[${fields[9] ?? ''}]`),
    ),
  );
  const pid = quietly(() => readdirSync('/proc'), []).find(
    (entry) => /^\d+$/.test(entry) && socketsOf(entry).some((socket) => listening.has(socket)),
  );
  if (pid === undefined) return null;
  const name = quietly(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), 'a process');
  return `${name} (pid ${pid})`;
}

const socketsOf = (pid: string): string[] =>
  quietly(() => readdirSync(`/proc/${pid}/fd`), []).map((fd) =>
    quietly(() => readlinkSync(`/proc/${pid}/fd/${fd}`), ''),
  );

/** What is gone meanwhile, or not ours to read. */
function quietly<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
