import { Deadline, systemClock } from '../src/clock';
import type { ControlConnection, Row } from '../src/link/control-connection';
import type { Stray } from '../src/dialects/dialect';
import { readBinlog } from '../src/dialects/binlog';
import { strayOf as inMariadb } from '../src/dialects/mariadb-gtid';
import { eachGtid, strayOf as inMysql } from '../src/dialects/mysql-gtid';
import { lastFrom } from '../src/switch/way-back';
import { RECORD } from './admin/fakes';

const A = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const B = '4e11fa47-71ca-11e1-9e33-c80aa9429562';

describe('MySQL', () => {
  const stray = inMysql(`${A}:5-7:9,${B}:1:late:3-4`, 'before');

  test.each([
    [`${A}:5`, true],
    [`${A}:9`, true],
    [`${A}:8`, false],
    [`${A}:late:3`, false],
    [`${B}:1`, true],
    [`${B}:3`, false],
    [`${B}:late:4`, true],
  ])('%s: %s', (gtid, wanted) => {
    expect(stray.has(gtid)).toBe(wanted);
  });

  test('the logs before one that follows them', () => {
    expect(stray.precedes(`${A}:1-4`)).toBe(false);
    expect(stray.precedes(`${A}:1-4,\n${B}:1-10`)).toBe(true);
    expect(stray.precedes('')).toBe(false);
  });

  test('each of a set, bounded', () => {
    expect(eachGtid(`${A}:5-7,${B}:late:3`, 10)).toEqual([`${A}:5`, `${A}:6`, `${A}:7`, `${B}:late:3`]);
    expect(eachGtid(`${A}:1-99999999999`, 3)).toHaveLength(3);
  });
});

describe('MariaDB', () => {
  test.each([
    ['nothing', '0-1-100,0-2-90', 1, '0-1-100,0-2-101', '', '0-1-100'],
    ['one of its own', '0-1-101', 1, '0-1-100,0-2-101', '0-1-101', '0-1-100'],
    ['several', '0-1-105', 1, '0-1-100,0-2-103', '0-1-101..0-1-105', '0-1-100'],
    ['in two domains', '0-1-101,7-1-3', 1, '0-1-100', '0-1-101,7-1-1..7-1-3', '0-1-100'],
    ['of another server', '0-1-100,0-3-105', 1, '0-1-100', '0-3-1..0-3-105', '0-1-100'],
  ])('%s', (_what, candidate, server, active, gtid, before) => {
    expect(inMariadb(candidate, server, active)).toMatchObject({ gtid, before });
  });

  test('which of a log', () => {
    const stray = inMariadb('0-1-105', 1, '0-1-100,0-2-103');
    expect(
      ['0-1-100', '0-1-101', '0-1-105', '0-1-106', '0-2-103', '1-1-103'].filter((each) => stray.has(each)),
    ).toEqual(['0-1-101', '0-1-105']);
    expect(stray.precedes('[0-1-100,0-2-90]')).toBe(false);
    expect(stray.precedes('[0-1-101]')).toBe(true);
    expect(stray.precedes('[]')).toBe(false);
  });
});

type Event = readonly [type: string, info: string];

/** A server with those binary logs, the oldest first. */
function serverWith(logs: Readonly<Record<string, readonly Event[]>>) {
  const asked: string[] = [];
  const query = (sql: string): Promise<readonly Row[]> => {
    const [, log = '', from = '4', limit = '0'] = /IN '(\w+)' FROM (\d+) LIMIT (\d+)/.exec(sql) ?? [];
    asked.push(`${log} ${from}`);
    const first = Number(from) === 4 ? 0 : Number(from) / 100;
    const events = (logs[log] ?? []).slice(first, first + Number(limit));
    return Promise.resolve(
      events.map(([type, info], index) => ({ Event_type: type, Info: info, End_log_pos: (first + index + 1) * 100 })),
    );
  };
  return { asked, connection: { query } as unknown as ControlConnection };
}

const read = async (logs: Readonly<Record<string, readonly Event[]>>, stray: Stray, ms = 5000) => {
  const { asked, connection } = serverWith(logs);
  const reading = await readBinlog(
    connection,
    Object.keys(logs),
    stray,
    'myswitch.heartbeat',
    new Deadline(systemClock, ms),
  );
  return { asked, ...reading };
};

describe('reading a binary log', () => {
  const gtid = (sequence: number): Event => ['Gtid', `SET @@SESSION.GTID_NEXT= '${A}:${sequence}'`];
  const rows = (sequence: number): readonly Event[] => [
    gtid(sequence),
    ['Query', 'BEGIN'],
    ['Table_map', 'table_id: 90 (shop.t)'],
    ['Write_rows', 'table_id: 90 flags: STMT_END_F'],
    ['Xid', 'COMMIT /* xid=10 */'],
  ];

  test('as far back as it takes, in the order of the log', async () => {
    const { asked, ...reading } = await read(
      {
        a: [['Previous_gtids', ''], ...rows(1)],
        b: [['Previous_gtids', `${A}:1`], ...rows(2), ...rows(3)],
        c: [['Previous_gtids', `${A}:1-3`], gtid(4), ['Query', 'use `shop`; DROP TABLE t /* xid=12 */']],
      },
      inMysql(`${A}:3-4`, ''),
    );
    expect(asked).toEqual(['c 4', 'b 4']);
    expect(reading).toEqual({
      complete: true,
      transactions: [
        { gtid: `${A}:3`, statements: ['write rows of shop.t'] },
        { gtid: `${A}:4`, statements: ['use `shop`; DROP TABLE t'] },
      ],
    });
  });

  test('logs that were purged, or a time that is over, make it incomplete', async () => {
    const later = { c: [['Previous_gtids', `${A}:1-3`], ...rows(4)] as const };
    expect(await read(later, inMysql(`${A}:3-4`, ''))).toMatchObject({ complete: false, transactions: [{}] });
    expect(await read(later, inMysql(`${A}:4`, ''), 0)).toMatchObject({ complete: false, transactions: [] });
    expect(await read({}, inMysql(`${A}:4`, ''))).toMatchObject({ complete: false });
  });

  test('a log of many pages; no more transactions than are bearable', async () => {
    const many = Array.from({ length: 1500 }, (_, index) => rows(index + 1)).flat();
    const { asked, transactions, complete } = await read(
      { a: [['Previous_gtids', ''], ...many] },
      inMysql(`${A}:1-1500`, ''),
    );
    expect(asked.length).toBeGreaterThan(5);
    expect([transactions.length, complete]).toEqual([1000, false]);
    const few = await read({ a: [['Previous_gtids', ''], ...many] }, inMysql(`${A}:1499`, ''));
    expect(few).toMatchObject({ complete: true, transactions: [{ gtid: `${A}:1499` }] });
  });

  test("MySwitch's own beats are nobody's loss", async () => {
    const beat = (sequence: number): readonly Event[] => [
      gtid(sequence),
      ['Query', 'BEGIN'],
      ['Table_map', 'table_id: 91 (myswitch.heartbeat)'],
      ['Update_rows', 'table_id: 91 flags: STMT_END_F'],
      ['Xid', 'COMMIT /* xid=11 */'],
    ];
    const annotated = (sequence: number): readonly Event[] => [
      gtid(sequence),
      ['Rows_query', '# /* myswitch beat */ INSERT INTO `myswitch`.heartbeat (pool, beat, epoch) VALUES …'],
      ...beat(sequence).slice(2),
    ];
    const beats = Array.from({ length: 1500 }, (_, index) => beat(index + 10)).flat();
    const reading = await read(
      { a: [['Previous_gtids', ''], ...beat(1), ...rows(2), ...annotated(3), ...beats, ...rows(2000), ...beat(2001)] },
      inMysql(`${A}:1-2001`, ''),
    );
    expect(reading).toMatchObject({ complete: true, transactions: [{ gtid: `${A}:2` }, { gtid: `${A}:2000` }] });
  });

  test('statements where the log has them, cut where they are long, and never a password', async () => {
    const { transactions } = await read(
      {
        a: [
          ['Gtid_list', '[]'],
          ['Gtid', 'BEGIN GTID 0-1-1'],
          ['Annotate_rows', 'INSERT INTO t VALUES (1)'],
          ['Table_map', 'table_id: 18 (shop.t)'],
          ['Write_rows_v1', 'table_id: 18 flags: STMT_END_F'],
          ['Table_map', 'table_id: 18 (shop.t)'],
          ['Delete_rows_v1', 'table_id: 18 flags: STMT_END_F'],
          ['Gtid', 'GTID 0-1-2'],
          ['Query', "CREATE USER a IDENTIFIED BY 'secret'"],
          ['Gtid', 'GTID 0-1-3'],
          ['Query', `CREATE TABLE ${'x'.repeat(5000)}`],
        ],
      },
      inMariadb('0-1-3', 1, '0-2-1'),
    );
    expect(transactions.map(({ statements }) => statements.map((text) => text.slice(0, 40)))).toEqual([
      ['INSERT INTO t VALUES (1)', 'delete rows of shop.t'],
      ['(about a password: not shown)'],
      ['CREATE TABLE xxxxxxxxxxxxxxxxxxxxxxxxxxx'],
    ]);
    expect(transactions[2]?.statements[0]).toHaveLength(1000);
  });
});

describe('the way back', () => {
  test.each([
    ['nothing yet', [], 'db2', { refusal: { code: 'NO_SWITCH' } }],
    ['a switch', [RECORD], 'db2', { to: 'db1' }],
    [
      'what was refused does not count',
      [RECORD, { ...RECORD, to: 'db3', result: 'refused' as const }],
      'db2',
      { to: 'db1' },
    ],
    ['a failover since', [RECORD, { ...RECORD, kind: 'failover' as const }], 'db2', { refusal: { code: 'CHANGED' } }],
    ['another ACTIVE', [RECORD], 'db3', { refusal: { code: 'CHANGED' } }],
    ['no ACTIVE', [RECORD], null, { refusal: { code: 'CHANGED' } }],
  ])('%s', (_what, records, active, expected) => {
    expect(lastFrom(records, active)).toMatchObject(expected);
  });
});
