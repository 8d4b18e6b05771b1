import { describeKinds } from '../support/kinds';
import { CORPUS } from './corpus';
import { randomSessions } from './generator';
import { Ground } from './ground';
import { Judge } from './judge';
import { PROFILE_NAMES } from './profiles';
import { runCase } from './runner';

const SESSIONS = 200;
const WITHIN_MS = 1_200_000;
/** To look at some cases only: a regular expression for their titles. */
const wanted = process.env['MYSWITCH_CASES'];

describeKinds('all is through the proxy as on a connection to the server', (kind) => {
  let ground: Ground;
  const judge = new Judge(kind);
  /** Why sessions could not be moved, by case. */
  const pins: Record<string, string[]> = {};

  beforeAll(async () => {
    ground = await Ground.open(kind);
  });
  afterAll(() => ground.close());

  for (const [theme, all] of Object.entries(CORPUS)) {
    const cases = all.filter(
      (one) => (one.kind ?? kind) === kind && (wanted === undefined || new RegExp(wanted).test(one.title)),
    );
    if (cases.length === 0) continue;
    test(
      theme,
      async () => {
        const unknown: string[] = [];
        for (const one of cases) {
          const reasons = new Set<string>();
          for (const profile of one.profiles ?? PROFILE_NAMES) {
            const outcome = await runCase(ground, one, profile);
            unknown.push(...judge.unknown(outcome.differences));
            for (const pin of outcome.pins) reasons.add(pin);
          }
          if (reasons.size > 0) pins[one.title] = [...reasons].sort();
        }
        expect(unknown).toEqual([]);
      },
      WITHIN_MS,
    );
  }

  test('random sessions', () => randomSessions(ground, judge, SESSIONS), WITHIN_MS);

  const whole = wanted === undefined ? test : test.skip;
  whole('no explanation is left over', () => expect(judge.unused).toEqual([]));
  whole('what pins is as it was', () => expect(pins).toMatchSnapshot());
});
