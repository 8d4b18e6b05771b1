import { appendFileSync } from 'node:fs';
import { describeKinds } from '../support/kinds';
import { CORPUS } from './corpus';
import { explanationOf } from './explained';
import { Ground } from './ground';
import { described } from './judge';
import { PROFILE_NAMES } from './profiles';
import { runCase } from './runner';

const only = process.env['DIFF_ONLY'];
const profilesWanted = process.env['DIFF_PROFILES']?.split(',') ?? PROFILE_NAMES;
const out = process.env['DIFF_OUT'] ?? '/tmp/diff-out';

describeKinds('the whole corpus', (kind) => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await Ground.open(kind);
  });
  afterAll(() => ground.close());
  for (const [theme, cases] of Object.entries(CORPUS)) {
    test(
      theme,
      async () => {
        for (const one of cases) {
          if ((one.kind ?? kind) !== kind) continue;
          if (only !== undefined && !new RegExp(only).test(one.title)) continue;
          for (const profile of one.profiles ?? PROFILE_NAMES) {
            if (!profilesWanted.includes(profile)) continue;
            const begun = Date.now();
            const { differences, pins } = await runCase(ground, one, profile).catch((error: Error) => ({
              differences: [
                {
                  title: one.title,
                  profile,
                  way: 'moved' as const,
                  number: 0,
                  step: 'CRASH',
                  direct: '',
                  got: String(error.stack),
                  payloads: [null, null] as const,
                },
              ],
              pins: [],
            }));
            const lines = differences.map(
              (d) => `${explanationOf(d, kind) === null ? 'DIFF' : 'explained'} ${described(d)}`,
            );
            appendFileSync(
              `${out}.${kind}`,
              `# ${one.title} [${profile}] ${Date.now() - begun} ms pins ${pins.join(' | ')}\n${lines.map((l) => `${l}\n`).join('')}`,
            );
          }
        }
      },
      1_200_000,
    );
  }
});
