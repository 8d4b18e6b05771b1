import { describeKinds } from '../support/kinds';
import { asStep } from './case';
import { CORPUS } from './corpus';
import { randomSessions } from './generator';
import { Ground } from './ground';
import { Judge } from './judge';
import { PROFILE_NAMES } from './profiles';
import { runCase } from './runner';

/** Every so many cases of the corpus, each in one profile: the whole of it is `differential.long.ts`. */
const EVERY = 4;

test('a corpus of at least 400 different steps, and titles of their own', () => {
  const cases = Object.values(CORPUS).flat();
  expect(new Set(cases.map(({ title }) => title)).size).toBe(cases.length);
  expect(new Set(cases.flatMap(({ steps }) => steps.map((step) => asStep(step).label))).size).toBeGreaterThan(400);
});

describeKinds('some of all is through the proxy as on a connection to the server', (kind) => {
  let ground: Ground;
  const judge = new Judge(kind);

  beforeAll(async () => {
    ground = await Ground.open(kind);
  });
  afterAll(() => ground.close());

  for (const [theme, cases] of Object.entries(CORPUS)) {
    const some = cases.filter((one, i) => i % EVERY === 0 && (one.kind ?? kind) === kind);
    if (some.length === 0) continue;
    test(theme, async () => {
      const unknown: string[] = [];
      for (const [i, one] of some.entries()) {
        const profiles = one.profiles ?? PROFILE_NAMES;
        const { differences } = await runCase(ground, one, profiles[i % profiles.length]!);
        unknown.push(...judge.unknown(differences));
      }
      expect(unknown).toEqual([]);
    });
  }

  test('random sessions', () => randomSessions(ground, judge, 5, 1));
});
