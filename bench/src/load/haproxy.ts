import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { type Tool, freePort, temporaryFolder, tie, until, untie } from '@myswitch/testkit';

export interface HAProxy {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** One HAProxy with one thread that passes bytes to a port on loopback. */
export async function startHAProxy(tool: Tool, target: number): Promise<HAProxy> {
  const port = await freePort();
  const file = join(temporaryFolder('haproxy'), 'haproxy.cfg');
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 1000
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen mysql
  bind 127.0.0.1:${port}
  server db 127.0.0.1:${target}
`,
  );
  const child = spawn(tool.command, [...tool.args, '-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => (said = (said + String(chunk)).slice(-2000)));
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`haproxy ended with ${code}\n${said}`)));
  });
  ended.catch(() => undefined); // also when it is asked to
  const { pid } = child;
  if (pid === undefined) return ended;
  tie(pid);
  child.once('exit', () => untie(pid));
  await Promise.race([ended, until('haproxy listens', async () => ((await accepts(port)) ? true : null))]);
  return {
    port,
    pid,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
