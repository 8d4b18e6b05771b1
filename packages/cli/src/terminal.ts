import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CliError } from './errors';
import { ExitCode } from './exit-codes';

/** Whether somebody is there to be asked. */
export const onTerminal = (): boolean => process.stdin.isTTY && process.stderr.isTTY;

/** One line from the terminal; what is asked goes to stderr. An end of input cancels. */
export const ask = (question: string): Promise<string> => read(question, process.stderr);

/** The same, without showing what is typed. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    return await read('', silent);
  } finally {
    process.stderr.write('\n');
  }
}

async function read(question: string, output: NodeJS.WritableStream): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  const closed = new Promise<null>((resolve) => terminal.once('close', () => resolve(null)));
  const answer = await Promise.race([terminal.question(question), closed]);
  terminal.close();
  if (answer === null) throw new CliError('CANCELLED', ExitCode.REFUSED, 'cancelled: nothing was changed');
  return answer;
}
