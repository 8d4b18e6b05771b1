import { AnswerState, type Discovery } from '@myswitch/orchestrator';
import { CliError } from '../errors';
import { ExitCode } from '../exit-codes';

/**
 * Nothing was found out when the one server that was named could not be asked.
 * @throws CliError with the reason, and with `suggestions` when it refused
 */
export function requireStart({ nodes }: Discovery, suggestions: readonly string[] = []): void {
  const [only] = nodes;
  const problem = only?.problems[0];
  if (nodes.length !== 1 || only === undefined || problem === undefined || only.answer === AnswerState.ANSWERED) return;
  if (only.answer !== AnswerState.REFUSED) throw new CliError(problem.code, ExitCode.NO_SERVER, problem.message);
  throw new CliError(problem.code, ExitCode.CONNECTION, problem.message, suggestions);
}
