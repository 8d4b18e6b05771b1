import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACCOUNTS, type Kind, createLedger, provision } from '@myswitch/testkit';
import { activeNode } from './commands';
import type { Screen } from './screen';
import { type Stage, node, startWorkload } from './stage';
import { type Verdict, judge, print } from './verdict';
import { Watch } from './watch';

/** As the testkit's pool configuration has it. */
const ADMIN_ACCOUNT = { user: 'admin', password: 'admin-secret' };

/** A new ledger and new clients, until told to stop; then the verdict on whatever the operator has done meanwhile. */
export async function stay(screen: Screen, kind: Kind, stage: Stage, stopped: Promise<unknown>): Promise<Verdict> {
  const { mySwitch, cluster } = stage;
  await createLedger(node(cluster, (await activeNode(mySwitch)) ?? 'db1'));
  const workload = startWorkload(stage);
  screen.line();
  for (const line of await instructions(kind, stage)) screen.line(line);
  screen.line();
  const watch = new Watch(workload);
  screen.live(() => watch.line('running'));
  await stopped;
  screen.live(() => 'stopping');
  const verdict = await judge(cluster, (await activeNode(mySwitch)) ?? 'db1', workload);
  screen.still();
  print(screen, verdict, []);
  return verdict;
}

async function instructions(kind: Kind, { mySwitch, cluster, ports }: Stage): Promise<string[]> {
  const client = await writeClient(kind, mySwitch.dir);
  const { user, password } = ACCOUNTS.app;
  const admin = ADMIN_ACCOUNT;
  const config = `-c ${mySwitch.configFile}`;
  return [
    'All of it keeps running, with new clients. What to connect with:',
    '',
    `  applications   host 127.0.0.1  port ${ports.pool}  user ${user}  password ${password}  database shop`,
    `  admin port     host 127.0.0.1  port ${ports.admin}  user ${admin.user}  password ${admin.password}`,
    ...cluster.nodes.map(
      ({ name, port, root }) =>
        `  ${name}            host 127.0.0.1  port ${port}  user ${root.user}  password ${root.password}  (past MySwitch)`,
    ),
    '',
    'In another terminal, in this folder:',
    '',
    `  npx myswitch status ${config}`,
    `  npx myswitch check shop --to db2 ${config}`,
    `  npx myswitch switch shop --to db2 ${config}`,
    `  npx myswitch history ${config}`,
    `  ${client} -h 127.0.0.1 -P ${ports.pool} -u ${user} -p${password} shop`,
    `  ${client} -h 127.0.0.1 -P ${ports.admin} -u ${admin.user} -p${admin.password} -e 'SHOW NODES'`,
    '',
    'Ctrl-C ends and removes all of it, and says what the clients saw.',
  ];
}

/** A command for the kind's own client, which may be unpacked somewhere and need its own loader. */
async function writeClient(kind: Kind, folder: string): Promise<string> {
  const { client } = await provision(kind);
  const file = join(folder, kind === 'mysql' ? 'mysql' : 'mariadb');
  const words = [client.command, ...client.args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  writeFileSync(file, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o755 });
  return file;
}
