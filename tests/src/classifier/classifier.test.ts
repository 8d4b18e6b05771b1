import { describeKinds } from '../support/kinds';
import { judgeNames } from './names';
import { judgeCorpus, judgeRandom, judgeReferee } from './referee';
import { Replica } from './replica';

describeKinds('what the classifier calls read-only', (kind) => {
  let replica: Replica;

  beforeAll(async () => {
    replica = await Replica.open(kind);
  });
  afterAll(() => replica?.close());

  test('is judged by one who sees', () => judgeReferee(replica));
  test('leaves a replica as it was: the corpus', () => judgeCorpus(replica));
  test('leaves a replica as it was: 300 random statements', () => judgeRandom(replica, 300, 1));
  test('calls no stored function, by whatever name', () => judgeNames(replica.primary, [1]), 120_000);
});
