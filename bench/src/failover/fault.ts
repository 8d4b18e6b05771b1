import { type TestServer, until } from '@myswitch/testkit';

/** How a primary dies. */
export const Fault = Object.freeze({
  /** SIGKILL: its connections are closed by the system. */
  KILLED: 'killed',
  /** SIGSTOP: they stay open, and nothing answers. */
  HANGING: 'hanging',
} as const);
export type Fault = (typeof Fault)[keyof typeof Fault];

export const FAULTS: readonly Fault[] = Object.values(Fault);

const SIGNAL = { killed: 'SIGKILL', hanging: 'SIGSTOP' } as const;

/** Milliseconds since 1970, with fractions: what another process calls now. */
export const now = (): number => performance.timeOrigin + performance.now();

/** @returns when */
export function strike(server: TestServer, fault: Fault): number {
  const { pid } = server;
  if (pid === null) throw new Error(`${server.name} does not run`);
  const at = now();
  process.kill(pid, SIGNAL[fault]);
  return at;
}

/** Started again with its data. One that hung never gets to do what it was asked meanwhile. */
export async function revive(server: TestServer): Promise<void> {
  if (server.pid !== null) process.kill(server.pid, 'SIGKILL');
  await until(`the end of ${server.name}`, async () => (server.pid === null ? true : null));
  await server.start();
}
