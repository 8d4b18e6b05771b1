import * as Flags from '@oclif/core/flags';
import { parseDuration } from '@myswitch/orchestrator';
import { CliError } from './errors';
import { ExitCode } from './exit-codes';

/** A flag whose value is a duration such as 200ms, in ms. */
export const duration = Flags.custom<number>({
  helpValue: 'DURATION',
  async parse(text, _context, { name }) {
    const ms = parseDuration(text);
    if (ms !== null) return ms;
    throw new CliError('USAGE', ExitCode.USAGE, `--${name}: "${text}" is not a duration such as 1s or 200ms`);
  },
});
