import { describeKinds } from '../support/kinds';
import { judgeNames } from './names';
import { judgeRandom } from './referee';
import { Replica } from './replica';

const STATEMENTS = 20_000;
const WITHIN_MS = 1_200_000;
const given = process.env['MYSWITCH_FUZZ_SEED'];
const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);

describeKinds('what the classifier calls read-only', (kind) => {
  let replica: Replica;

  beforeAll(async () => {
    replica = await Replica.open(kind);
  });
  afterAll(() => replica?.close());

  test(
    `leaves a replica as it was: ${STATEMENTS} random statements`,
    () => judgeRandom(replica, STATEMENTS, seed),
    WITHIN_MS,
  );
  test('calls no stored function, by whatever name', () => judgeNames(replica.primary, [0, 1, 2, 3]), WITHIN_MS);
});
