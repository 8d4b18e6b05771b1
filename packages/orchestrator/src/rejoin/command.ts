import { formatAddress } from '../link/address';
import { SwitchError } from '../errors';
import { runCommand } from '../hooks/run';
import type { NodeOptions } from '../options';
import type { RejoinContext } from './context';

const LAST_LINES = 3;
/** Between two lines that are shown. */
const SHOW_MS = 500;

/** Has the operator's program copy the donor over the node. What it prints is its progress; a line of JSON may tell the position. */
export async function copyByCommand(context: RejoinContext, command: readonly string[]): Promise<string> {
  const { desk, id, name, request, abort, timeline } = context;
  const { pool, clock, log } = desk.bench;
  const copy = context.copy!;
  const placeOf = (which: string): NodeOptions => pool.nodes.find((options) => options.name === which)!;
  const facts = {
    event: 'rebuild',
    pool: pool.name,
    id,
    by: request.by,
    node: name,
    ...placeFacts('node', placeOf(name)),
    donor: copy.donor,
    ...placeFacts('donor', placeOf(copy.donor)),
  };
  let shownAt = -Infinity;
  const last: string[] = [];
  copy.begun = true;
  const { ok, told } = await runCommand({ command, timeoutMs: pool.rebuild.timeoutMs }, facts, clock, {
    abort,
    onLine: (line) => {
      const gtid = positionIn(line);
      if (gtid !== null) {
        copy.position = gtid;
        return;
      }
      const shown = line.replaceAll(/\p{Cc}+/gu, ' ');
      last.push(shown);
      if (last.length > LAST_LINES) last.shift();
      if (clock.monotonic() - shownAt < SHOW_MS) return;
      shownAt = clock.monotonic();
      timeline.info('copy', shown);
    },
  });
  log(ok ? 'info' : 'warn', `rebuild: ${told}`, { pool: pool.name, id, output: last });
  if (!ok) throw new SwitchError('COPY_FAILED', [told, ...last].join(' / '));
  return copy.position === null ? told : `${told}; ${name} has the data of ${copy.donor} at ${copy.position}`;
}

const placeFacts = (which: 'node' | 'donor', options: NodeOptions): Record<string, unknown> => ({
  [`${which}Address`]: formatAddress(options),
  [`${which}Host`]: options.host,
  [`${which}Port`]: options.port,
});

/** Of `{"gtid": "0-1-22"}`; null: that line is something else. */
function positionIn(line: string): string | null {
  if (!line.startsWith('{')) return null;
  try {
    const told = JSON.parse(line) as unknown;
    const gtid = typeof told === 'object' && told !== null && 'gtid' in told ? told.gtid : null;
    return typeof gtid === 'string' && /^[\da-fA-F:,_\-\s\w]*$/.test(gtid) && gtid !== '' ? gtid : null;
  } catch {
    return null;
  }
}
