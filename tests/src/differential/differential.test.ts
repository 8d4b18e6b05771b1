import { describeKinds } from '../support/kinds';
import { CORPUS } from './corpus';
import { Ground } from './ground';
import { expectNoDifferences } from './judge';
import { PROFILE_NAMES } from './profiles';
import { type Outcome, runCase } from './runner';

/** Every so many cases of the corpus, each in one profile: the whole of it is `differential.long.ts`. */
const EVERY = 6;

describeKinds('through the proxy all is as on a connection to the server (some of it)', (kind) => {
  let ground: Ground;

  beforeAll(async () => {
    ground = await Ground.open(kind);
  });
  afterAll(() => ground.close());

  for (const [theme, cases] of Object.entries(CORPUS)) {
    const some = cases.filter((one, i) => i % EVERY === 0 && (one.kind ?? kind) === kind);
    test(theme, async () => {
      const outcomes: Outcome[] = [];
      for (const [i, one] of some.entries()) {
        const profiles = one.profiles ?? PROFILE_NAMES;
        outcomes.push(await runCase(ground, one, profiles[i % profiles.length]!));
      }
      expectNoDifferences(some, outcomes, kind);
    });
  }
});
