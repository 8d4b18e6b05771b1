// npm run demo [-- --kind mysql] [-- --stay]
import { parseArgs } from 'node:util';
import { KINDS, type Kind, cleanup } from '@myswitch/testkit';
import { play } from './scenario';
import { Screen } from './screen';
import { stay } from './stay';

const USAGE = `npm run demo -- [--kind ${KINDS.join('|')}] [--stay]`;
const EXIT = Object.freeze({ PASSED: 0, FAILED: 1, USAGE: 2, INTERRUPTED: 130 } as const);
type Exit = (typeof EXIT)[keyof typeof EXIT];

interface Options {
  readonly kind: Kind;
  readonly stay: boolean;
}

/** null: not understood */
function readOptions(args: string[]): Options | null {
  try {
    const { values } = parseArgs({ args, options: { kind: { type: 'string' }, stay: { type: 'boolean' } } });
    const kind = KINDS.find((name) => name === (values.kind ?? 'mariadb'));
    return kind === undefined ? null : { kind, stay: values.stay === true };
  } catch {
    return null;
  }
}

/** `stopped` resolves at the first Ctrl-C: it ends a stay, and cuts everything else short. */
async function demo(screen: Screen, options: Options, stopped: Promise<void>): Promise<Exit> {
  const interrupted = stopped.then(() => null);
  try {
    const played = await Promise.race([play(screen, options.kind), interrupted]);
    if (played === null) return EXIT.INTERRUPTED;
    let { verdict } = played;
    if (options.stay) verdict = await stay(screen, options.kind, played.stage, stopped);
    return verdict.problems.length === 0 ? EXIT.PASSED : EXIT.FAILED;
  } catch (error) {
    screen.still();
    screen.line(screen.color('red', `FAILED: ${error instanceof Error ? error.message : String(error)}`));
    return EXIT.FAILED;
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    console.error(USAGE);
    process.exit(EXIT.USAGE);
  }
  const screen = new Screen(process.stdout, process.env);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
  const exit = await demo(screen, options, stopped);
  screen.live(() => 'removing servers and files');
  await cleanup();
  screen.still();
  process.exit(exit);
}

void main();
