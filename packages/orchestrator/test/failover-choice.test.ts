import { choose, type Candidate, type Wish } from '../src/failover/choose';
import { doubt, Word } from '../src/failover/confirm';

const node = (name: string, change: Partial<Candidate> = {}): Candidate => ({
  name,
  type: 'SECONDARY',
  weight: 100,
  site: null,
  reachable: true,
  failed: false,
  readOnly: true,
  follows: true,
  applying: true,
  delaySeconds: 0,
  filters: [],
  logs: true,
  setAside: false,
  doubted: false,
  lacks: [],
  ...change,
});
const wish: Wish = { to: null, force: false, site: null };
const behind = (...gtids: string[]) => ({ lacks: gtids.map((gtid) => ({ node: 'db9', gtid })) });

describe('who takes over', () => {
  test.each<[string, Candidate[], Partial<Wish>, string]>([
    ['the only one', [node('db2')], {}, 'db2'],
    ['the most advanced', [node('db2', behind('a:1')), node('db3')], {}, 'db3'],
    [
      'one that was found to lie after one that was not',
      [node('db2', { doubted: true, weight: 200 }), node('db3')],
      {},
      'db3',
    ],
    ['one that was found to lie, where there is nobody else', [node('db2', { doubted: true })], {}, 'db2'],
    ['the heavier of equals', [node('db2'), node('db3', { weight: 200 })], {}, 'db3'],
    ['a PRIMARY before a SECONDARY', [node('db2'), node('db3', { type: 'PRIMARY' })], {}, 'db3'],
    ['one of the same site', [node('db2', { site: 'b' }), node('db3', { site: 'a' })], { site: 'a' }, 'db3'],
    ['by name at last', [node('db3'), node('db2')], {}, 'db2'],
    ['one that was set aside only when asked for', [node('db2', { setAside: true })], { to: 'db2' }, 'db2'],
    ['the one that was asked for', [node('db2'), node('db3')], { to: 'db3' }, 'db3'],
    ['one of weight 0 only when asked for', [node('db2', { weight: 0 })], { to: 'db2' }, 'db2'],
    ['one that loses by force', [node('db2', behind('a:1'))], { force: true }, 'db2'],
    [
      'the one that loses least by force',
      [node('db2', behind('a:1', 'b:1')), node('db3', behind('a:1'))],
      { force: true },
      'db3',
    ],
    ['nobody that was never to', [node('db2', { weight: 0 })], {}, 'NEVER'],
    ['nobody that was set aside', [node('db2', { setAside: true })], {}, 'SET_ASIDE'],
    ['nobody that is delayed', [node('db2', { delaySeconds: 60 })], {}, 'DELAYED'],
    ['nobody that lacks something', [node('db2', behind('a:1'))], {}, 'LOSES'],
    ['nobody that does not answer', [node('db2', { reachable: false })], {}, 'UNREACHABLE'],
    ['nobody that has failed', [node('db2', { failed: true })], {}, 'FAILED'],
    ['one that has failed only when asked for', [node('db2', { failed: true })], { to: 'db2' }, 'db2'],
    ['nobody that follows another', [node('db2', { follows: false })], {}, 'NOT_REPLICA'],
    ['nobody that writes', [node('db2', { readOnly: false })], {}, 'CANDIDATE_WRITES'],
    ['nobody that stopped', [node('db2', { applying: false })], {}, 'REPLICATION_STOPPED'],
    ['nobody that filters', [node('db2', { filters: ['Replicate_Do_DB=a'] })], {}, 'FILTERS'],
    ['nobody that can not be followed', [node('db2', { logs: false })], {}, 'BINLOG'],
    ['nobody of another pool', [node('db2')], { to: 'db7' }, 'NOT_A_NODE'],
  ])('%s', (_title, candidates, change, expected) => {
    const choice = choose(candidates, { ...wish, ...change });
    expect(choice.to ?? ('reasons' in choice ? choice.reasons[0]?.code : '')).toBe(expected);
  });

  test('a refusal names the transactions and who has them', () => {
    expect(choose([node('db2', behind('a:1-5'))], wish)).toEqual({
      to: null,
      reasons: [
        { code: 'LOSES', message: 'db2 lacks a:1-5, which db9 has: it would be lost; --force takes db2 all the same' },
      ],
    });
  });
});

describe('whether the primary is dead', () => {
  const { HEARS, LOST, KNOWS_NOTHING, UNASKED } = Word;
  test.each<[string, Word[], string | null]>([
    ['all others do not hear it', [LOST, LOST], null],
    ['the only other one does not', [LOST], null],
    ['one still hears it', [LOST, HEARS], 'db3 still hears db1: it is cut off from MySwitch, not dead'],
    ['more were asked than not', [LOST, LOST, UNASKED], null],
    ['as many were asked as not', [LOST, UNASKED], 'only 1 of 2 other nodes could say whether they hear db1'],
    ['nobody could be asked', [UNASKED], 'only 0 of 1 other node could say whether they hear db1'],
    ['there is nobody else', [], 'only 0 of 0 other nodes could say whether they hear db1'],
    ['one was stopped, and another lost it', [KNOWS_NOTHING, LOST], null],
    [
      'one was stopped, and one can not be asked',
      [KNOWS_NOTHING, LOST, UNASKED],
      "only 1 of 3 other nodes could say whether they hear db1; db2 can't: why",
    ],
    ['all were stopped', [KNOWS_NOTHING], "only 0 of 1 other node could say whether they hear db1; db2 can't: why"],
  ])('%s', (_title, words, expected) => {
    expect(
      doubt(
        'db1',
        words.map((word, index) => ({ node: `db${index + 2}`, word, reason: 'why' })),
      ),
    ).toBe(expected);
  });
});
