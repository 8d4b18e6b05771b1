// After all tests: no process and no file may be left. What is found is removed, and the run has failed.
const { readFileSync, readdirSync, rmSync } = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');

const GRACE_MS = 3000;

/** Processes that were started with the folder on their command line. @param {string} folder */
function processesOf(folder) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return command.includes(folder) ? [{ pid: Number(pid), command }] : [];
      } catch {
        return []; // it has ended
      }
    });
}

module.exports = async () => {
  const folder = process.env.MYSWITCH_TEST_TMP;
  if (folder === undefined) return; // another project's teardown was first
  delete process.env.MYSWITCH_TEST_TMP;
  const deadline = Date.now() + GRACE_MS;
  while (processesOf(folder).length > 0 && Date.now() < deadline) await sleep(50);
  const processes = processesOf(folder);
  for (const { pid } of processes) process.kill(pid, 'SIGKILL');
  const files = readdirSync(folder);
  rmSync(folder, { recursive: true, force: true });
  const left = [...files, ...processes.map(({ command }) => command)];
  if (left.length > 0) throw new Error(`the tests left behind: ${left.join(', ')}`);
};
