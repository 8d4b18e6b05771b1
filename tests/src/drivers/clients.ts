import { fetchRuntime } from '@myswitch/testkit';
import { CommandLineSession } from './command-line';
import type { Driver } from './driver';

/** The C clients. */
export const CLIENTS: readonly Driver[] = [
  {
    name: 'mysql (client)',
    runtime: 'mysql',
    open: async () =>
      new CommandLineSession({
        runtime: await fetchRuntime('mysql'),
        // Its own commands (\s, \u, \x) are off in batch mode.
        options: ['--commands'],
        tls: (ca) => ['--ssl-mode=VERIFY_CA', `--ssl-ca=${ca}`],
        insecure: ['--ssl-mode=DISABLED', '--get-server-public-key'],
        reset: '\\x',
      }),
  },
  {
    name: 'mariadb (client)',
    runtime: 'mariadb',
    open: async () =>
      new CommandLineSession({
        runtime: await fetchRuntime('mariadb'),
        options: [],
        tls: (ca) => ['--ssl', '--ssl-verify-server-cert', `--ssl-ca=${ca}`],
        insecure: ['--skip-ssl'],
        reset: null,
      }),
  },
];
