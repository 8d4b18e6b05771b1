import { readFileSync } from 'node:fs';

/** /proc counts in hundredths of a second on every Linux, whatever the kernel's own tick is. */
const MICROSECONDS_PER_TICK = 10_000;

/** User and system time that a process has used since it started, in microseconds. See proc(5), /proc/pid/stat. */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // the name in parentheses may hold spaces
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [utime, stime] = [fields[11], fields[12]];
  return (Number(utime) + Number(stime)) * MICROSECONDS_PER_TICK;
}

/** Processes that a process has started and that still run. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}
