import { Orchestrator, systemClock, type FlightRecord, type ToldWrite } from '@myswitch/orchestrator';
import { type Cluster, createCluster, replicates, sleep, temporaryFolder, until } from '@myswitch/testkit';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { describeKinds } from './support/kinds';
import { startPlane, type TestPlane } from './support/plane';
import { poolOptions } from './support/switch-pool';

/** How long a commit waits for an acknowledgement: longer than anything here. */
const PATIENCE_MS = 60_000;

interface Writer {
  readonly session: number;
  readonly id: number;
  readonly client: Connection;
}

describeKinds('writes whose outcome was unknown when the primary died', (kind) => {
  const side = kind === 'mysql' ? 'source' : 'master';
  const replica = kind === 'mysql' ? 'REPLICA' : 'SLAVE';
  let cluster: Cluster;
  let plane: TestPlane;
  let orchestrator: Orchestrator;
  const said: string[] = [];

  beforeEach(async () => {
    cluster = await createCluster({ kind, replicas: 2, semiSync: true });
    const [db1, , db3] = cluster.nodes;
    await db1!.sql('CREATE TABLE shop.t (id INT PRIMARY KEY, n INT NOT NULL)');
    await db1!.sql('INSERT INTO shop.t VALUES (1, 0)');
    // db2 acknowledges, db3 receives all the same
    await db3!.sql(`SET GLOBAL rpl_semi_sync_${kind === 'mysql' ? 'replica' : 'slave'}_enabled = 0`);
    await db3!.sql(`STOP ${replica} IO_THREAD`);
    await db3!.sql(`START ${replica} IO_THREAD`);
    await until('db2 alone acknowledges', async () => {
      const [row] = await db1!.sql("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%_clients'");
      return Number(row?.['Value']) === 1 && (await replicates(db3!)) ? true : null;
    });
    await db1!.sql(`SET GLOBAL rpl_semi_sync_${side}_timeout = ${PATIENCE_MS}`);
    plane = await startPlane({ nodes: cluster.nodes, backend: { min: 1, max: 32 } });
    said.length = 0;
    orchestrator = new Orchestrator({
      options: { stateDir: temporaryFolder('state'), pools: [poolOptions(cluster)] },
      plane: plane.plane,
      clock: systemClock,
      log: (_level, message) => said.push(message),
    });
    await orchestrator.start();
    // what is looked for begins with a poll that was over a while before
    await sleep(500);
  });

  afterEach(async () => {
    for (const server of cluster.nodes) server.resume();
    await orchestrator.stop();
    await plane.stop();
    await Promise.all(cluster.nodes.map((server) => server.remove()));
  });

  const node = (name: string) => cluster.nodes.find((server) => server.name === name)!;

  async function writer(id: number): Promise<Writer> {
    const client = await plane.connect({ database: 'shop' });
    const [[row]] = await client.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id');
    return { session: Number(row!['id']), id, client };
  }

  /** What the client is told, as `errno/SQLSTATE`. */
  const told = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'OK',
      ({ errno, sqlState }: { errno: number; sqlState: string }) => `${errno}/${sqlState}`,
    );

  /** Statements about the table in the binary log of db1, those that wait to be acknowledged among them. */
  const logged = async (): Promise<number> => {
    const logs = await node('db1').sql('SHOW BINARY LOGS');
    const events = await node('db1').sql(`SHOW BINLOG EVENTS IN '${String(logs.at(-1)?.['Log_name'])}'`);
    return events.filter((event) => String(event['Info']).includes('(shop.t)')).length;
  };

  const has = async (server: string, id: number): Promise<boolean> =>
    (await node(server).sql(`SELECT id FROM shop.t WHERE id = ${id}`)).length > 0;

  test('is told when it is back: committed, lost, or not; by connection, or by what was sent', async () => {
    const writers = await Promise.all([10, 11, 12, 13, 20, 21, 22].map(writer));
    const [reached, reachedToo, transaction, prepared, lost, locked, lostToo] = writers as [
      Writer,
      Writer,
      Writer,
      Writer,
      Writer,
      Writer,
      Writer,
    ];
    // what was acknowledged before, over the same connections, is nobody's question
    for (const { client, id } of writers) await client.query(`INSERT INTO t VALUES (${id + 100}, 0)`);
    await transaction.client.query('BEGIN');
    await transaction.client.query('UPDATE t SET n = n + 1 WHERE id = 112');
    await transaction.client.query('INSERT INTO t VALUES (12, 1)');
    const holder = await plane.connect({ database: 'shop' });
    await holder.query('BEGIN');
    await holder.query('UPDATE t SET n = 1 WHERE id = 1');

    const before = await logged();
    node('db2').pause();
    const outcomes: Promise<string>[] = [
      told(reached.client.query('INSERT INTO t VALUES (10, 1)')),
      told(reachedToo.client.query('INSERT INTO t VALUES (11, 1);')),
      told(transaction.client.query('COMMIT')),
      told(prepared.client.execute('INSERT INTO t VALUES (?, ?)', [13, 1])),
    ];
    await until('they wait to be acknowledged', async () => ((await logged()) === before + 5 ? true : null));
    await until('db3 has them', async () => {
      const [row] = await node('db3').sql('SELECT COUNT(*) AS n FROM shop.t WHERE id BETWEEN 10 AND 13');
      return Number(row?.['n']) === 4 ? true : null;
    });
    await node('db3').sql(`STOP ${replica} IO_THREAD`);
    outcomes.push(told(lost.client.query('INSERT INTO t VALUES (20, 1)')));
    outcomes.push(told(lostToo.client.query('INSERT INTO t VALUES (22, 1)')));
    await until('they wait too', async () => ((await logged()) === before + 7 ? true : null));
    outcomes.push(told(locked.client.query('UPDATE t SET n = 2 WHERE id = 1')));
    await until('one waits for a lock', async () => {
      await sleep(150); // the table is made anew only when nobody has looked for 0.1 s
      const rows = await node('db1').sql("SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'");
      return rows.length > 0 ? true : null;
    });
    await node('db1').kill();
    expect(await Promise.all(outcomes)).toEqual(outcomes.map(() => '1105/08007'));

    const flight = await orchestrator.failover('shop', { by: 'test', force: true, to: 'db3' }, () => undefined);
    expect(flight).toMatchObject({ result: 'switched', from: 'db1', to: 'db3' });
    expect(flight.unknown!.writes.map(({ fate }) => fate)).toEqual(outcomes.map(() => 'UNTOLD'));
    await node('db1').start();
    const record = await until('it is told', async (): Promise<FlightRecord | null> => {
      const found = await orchestrator.show(flight.id);
      if (found?.kind !== 'failover') return null;
      return found.unknown?.writes.some(({ fate }) => fate === 'UNTOLD') === false ? found : null;
    });
    const fateOf = ({ session }: Writer): ToldWrite => record.unknown!.writes.find((one) => one.session === session)!;

    for (const one of [reached, reachedToo, transaction, lost, lostToo]) {
      const gone = one === lost || one === lostToo;
      expect([one.id, await has('db1', one.id), await has('db3', one.id)]).toEqual([one.id, true, !gone]);
      expect(fateOf(one)).toMatchObject({ user: 'app', fate: gone ? 'LOST' : 'COMMITTED', gtid: expect.any(String) });
    }
    expect(fateOf(locked)).toMatchObject({ kind: 'UPDATE', fate: 'NOT_COMMITTED', gtid: null });
    expect(fateOf(transaction).kind).toBe('COMMIT');
    // MariaDB's log has no connections, and what was prepared is not in it as it was sent
    expect(fateOf(prepared)).toMatchObject({ fate: kind === 'mysql' ? 'COMMITTED' : 'UNDECIDED' });
    // the monitor's beats apart
    const gone = record.lost!.transactions.filter(({ statements }) => !statements.join().includes('heartbeat'));
    const gtids = gone.map(({ gtid }) => gtid);
    expect(new Set(gtids)).toEqual(new Set([fateOf(lost).gtid, fateOf(lostToo).gtid]));
    const events = await orchestrator.events('shop');
    expect(events.map(({ message }) => message).join('\n')).toContain(
      'of 7 writes whose outcome was unknown, db1 says: ',
    );
    // nothing of what was sent is written down
    expect(JSON.stringify(record.unknown)).not.toContain('INSERT INTO');
    await Promise.all([...writers.map(({ client }) => client), holder].map((client) => client.end()));
  });

  test('killed under load, each is what the tables say', async () => {
    await node('db1').sql(`SET GLOBAL rpl_semi_sync_${side}_enabled = 0`);
    const unknown: Writer[] = [];
    let written = 0;
    let over = false;
    const work = async (index: number): Promise<void> => {
      const one = await writer(0);
      for (let id = 1000 * (index + 1); !over; id++) {
        const came = await told(one.client.query(`INSERT INTO t VALUES (${id}, 1)`));
        if (came !== 'OK') {
          expect(came).toBe('1105/08007');
          unknown.push({ ...one, id });
          return;
        }
        written++;
      }
    };
    const working = Promise.all(Array.from({ length: 16 }, (_, index) => work(index)));
    // one at least is under way for sure: it waits for a lock
    const holder = await writer(0);
    await holder.client.query('BEGIN');
    await holder.client.query('INSERT INTO t VALUES (999, 1)');
    const locked = await writer(999);
    const lockedTold = told(locked.client.query('INSERT INTO t VALUES (999, 1)'));
    await until('there is load', async () => (written > 500 ? true : null));
    await node('db1').kill();
    const flight = await orchestrator.failover('shop', { by: 'test', force: true }, () => undefined);
    over = true;
    await working;
    expect(await lockedTold).toBe('1105/08007');
    unknown.push(locked);
    expect(flight).toMatchObject({ result: 'switched', from: 'db1' });
    expect(flight.unknown!.writes).toHaveLength(unknown.length);
    await node('db1').start();
    const record = await until('it is told', async (): Promise<FlightRecord | null> => {
      const found = await orchestrator.show(flight.id);
      if (found?.kind !== 'failover') return null;
      return found.unknown?.writes.some(({ fate }) => fate === 'UNTOLD') === false ? found : null;
    });
    for (const { session, id } of unknown) {
      const on = { old: await has('db1', id), new: await has(flight.to!, id) };
      const { fate } = record.unknown!.writes.find((one) => one.session === session)!;
      expect([fate, on]).toEqual([!on.old ? 'NOT_COMMITTED' : on.new ? 'COMMITTED' : 'LOST', on]);
    }
  });
});
