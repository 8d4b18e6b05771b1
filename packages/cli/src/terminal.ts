import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CliError } from './errors';
import { ExitCode } from './exit-codes';

/** Whether somebody is there to be asked. */
export const onTerminal = (): boolean => process.stdin.isTTY && process.stderr.isTTY;

/** One line from the terminal; what is asked goes to stderr. @throws CliError CANCELLED at Ctrl-C and Ctrl-D */
export function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  return answerOf(terminal, question);
}

/** The same, without showing what is typed. */
export async function askSecret(question: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  // first, since it ends the terminal's own echo: whoever sees the question may type
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  process.stderr.write(question);
  try {
    return await answerOf(terminal, '');
  } finally {
    process.stderr.write('\n');
  }
}

async function answerOf(terminal: ReturnType<typeof createInterface>, question: string): Promise<string> {
  const closed = new Promise<null>((resolve) => {
    terminal.once('close', () => resolve(null));
  });
  const answer = await Promise.race([terminal.question(question), closed]);
  terminal.close();
  if (answer === null) throw new CliError('CANCELLED', ExitCode.REFUSED, 'cancelled: nothing was changed');
  return answer;
}
