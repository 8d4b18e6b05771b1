import { runScript } from './lib/run.mjs';
import { setupOrExit } from './setup.mjs';

await setupOrExit();
process.exitCode = await runScript('demo/dist/index.js', process.argv.slice(2));
