import { TransactionReader } from '../src/dialects/binlog-events';
import { livesOf } from '../src/rejoin/fates';

describe('the life of a server in which a write was sent', () => {
  test.each<[what: string, ages: number[], agoMs: number, lives: number[]]>([
    ['was not started again', [Infinity, 90_000], 10_000, [1]],
    ['started again since', [Infinity, 90_000, 5000], 10_000, [1]],
    ['started again long before', [Infinity, 90_000, 50_000], 10_000, [2]],
    ['started again at about that time', [Infinity, 90_000, 9000], 10_000, [1, 2]],
    ['the log is younger than the server', [Infinity], 10_000, [0]],
  ])('%s', (_what, ages, agoMs, lives) => {
    expect([...livesOf(ages, agoMs)]).toEqual(lives);
  });
});

describe('a binary log', () => {
  const event = (type: number, body: Buffer, server = 1): Buffer => {
    const header = Buffer.alloc(19);
    header[4] = type;
    header.writeUInt32LE(server, 5);
    return Buffer.concat([header, body, Buffer.from('csum')]);
  };
  const format = (startedAt: number, checksum = 1): Buffer => {
    const body = Buffer.alloc(2 + 50 + 4 + 1 + 40 + 1);
    body.writeUInt32LE(startedAt, 52);
    body[body.length - 1] = checksum;
    return event(15, body);
  };
  const query = (thread: number, text: string): Buffer => {
    const head = Buffer.alloc(13);
    head.writeUInt32LE(thread, 0);
    head[8] = 4; // length of the schema
    head.writeUInt16LE(2, 11); // of the status variables
    return event(2, Buffer.concat([head, Buffer.from('??shop\0'), Buffer.from(text)]));
  };
  const mariadbGtid = (sequence: bigint, server = 1): Buffer => {
    const body = Buffer.alloc(19);
    body.writeBigUInt64LE(sequence);
    return event(162, body, server);
  };
  const mysqlGtid = (sequence: bigint): Buffer => {
    const body = Buffer.alloc(60);
    body.fill(0xab, 1, 17);
    body.writeBigUInt64LE(sequence, 17);
    return event(33, body);
  };

  test('of MySQL says whose each transaction is; of MariaDB what was sent', () => {
    const reader = new TransactionReader((gtid) => !gtid.endsWith('6'));
    reader.take(format(1000));
    for (const one of [mysqlGtid(6n), query(7, 'BEGIN'), mysqlGtid(7n), query(8, 'BEGIN')]) reader.take(one);
    reader.take(format(2000));
    for (const one of [mariadbGtid(7n), event(160, Buffer.from('INSERT 1')), event(160, Buffer.from('INSERT 2'))])
      reader.take(one);
    // by replication
    reader.take(mariadbGtid(8n, 2));
    reader.take(event(160, Buffer.from('INSERT 3')));
    for (const one of [mariadbGtid(9n), query(3, 'CREATE TABLE t (id INT)')]) reader.take(one);
    const uuid = 'abababab-abab-abab-abab-abababababab';
    expect(reader.transactions).toEqual([
      { gtid: `${uuid}:7`, thread: 8, text: null, life: 1 },
      { gtid: '0-1-7', thread: null, text: 'INSERT 2', life: 2 },
      { gtid: '0-1-9', thread: 3, text: 'CREATE TABLE t (id INT)', life: 2 },
    ]);
    expect(reader.lives).toEqual([0, 1000, 2000]);
  });

  test('whatever is cut off does no harm', () => {
    const reader = new TransactionReader(() => true);
    const whole = [format(1000), mysqlGtid(7n), query(8, 'BEGIN'), mariadbGtid(7n)];
    for (const one of whole)
      for (let end = 0; end < one.length; end++) expect(() => reader.take(one.subarray(0, end))).not.toThrow(TypeError);
  });
});
