// node scripts/bench.mjs NAME [its arguments]: runs bench/src/NAME.ts.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, runScript } from './lib/run.mjs';
import { setupOrExit } from './setup.mjs';

const [name = '', ...args] = process.argv.slice(2);
await setupOrExit();
const file = `bench/dist/${name}.js`;
if (!existsSync(join(root, file))) {
  console.error(`no benchmark ${name}`);
  process.exit(2);
}
process.exitCode = await runScript(file, args);
