import { cleanup } from '@myswitch/testkit';
import { UsageError } from './arguments';

/**
 * Runs a benchmark with the command line's arguments, then ends everything it has started, also after Ctrl-C. A goal that
 * is missed is a result: the exit code is 0 when everything could be measured.
 */
export function program(main: (args: readonly string[]) => Promise<void>): void {
  const interrupted = new Promise<number>((resolve) => {
    process.once('SIGINT', () => resolve(130));
    process.once('SIGTERM', () => resolve(143));
  });
  const finished = main(process.argv.slice(2)).then(() => 0, failed);
  void Promise.race([finished, interrupted]).then(async (code) => {
    await cleanup();
    process.exit(code);
  });
}

function failed(error: unknown): number {
  if (!(error instanceof UsageError)) {
    console.error(error);
    return 1;
  }
  console.error(error.message);
  return 2;
}
