import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Cluster, caughtUp, createCluster, freePort, temporaryFolder, until } from '@myswitch/testkit';
import type { FlightRecord, PoolOptions } from '@myswitch/orchestrator';
import { describeKinds } from './support/kinds';
import { SwitchPool } from './support/switch-pool';

/** A command that appends what it is told to a file, and ends with that exit code. */
const teller = (file: string, code = 0) => ({
  command: ['sh', '-c', `cat >> "$0"; echo said so; exit ${code}`, file],
  timeoutMs: 5000,
});

const told = (file: string): Record<string, unknown>[] =>
  readFileSync(file, { encoding: 'utf8', flag: 'a+' })
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** Null, to be asked again, also when the one who asks is ended with everybody else on a node that is being closed. */
async function onlyWriter(at: SwitchPool, name: string): Promise<true | null> {
  const writers = await at.writers().catch(() => []);
  return writers.join() === name ? true : null;
}

describeKinds('what an operator has a say in', (kind) => {
  const folder = temporaryFolder('hooks');
  let file = '';
  let runs = 0;
  let pool: SwitchPool | null = null;

  beforeEach(() => {
    runs += 1;
    file = join(folder, `${kind}-${runs}`);
  });

  afterEach(async () => {
    await pool?.stop();
    await Promise.all((pool?.cluster.nodes ?? []).map((server) => server.remove()));
    pool = null;
  });

  async function start(cluster: Cluster, change: (options: PoolOptions) => Partial<PoolOptions>): Promise<SwitchPool> {
    pool = new SwitchPool(cluster, (options) => ({ ...options, ...change(options) }));
    return pool.start();
  }

  const hooks = (change: Partial<PoolOptions['hooks']>) => () => ({
    hooks: { before: null, after: null, stonith: null, ...change },
  });

  async function kill(at: SwitchPool): Promise<void> {
    await at.node('db1').kill();
    await until('it is missed', async () => ((await at.status()).nodes[0]!.errors > 0 ? true : null));
  }

  test('a hook is told before and after a switch, and may refuse it', async () => {
    const at = await start(
      await createCluster({ kind, replicas: 1 }),
      hooks({ before: teller(file), after: teller(file) }),
    );
    const flight = await at.switch({ to: 'db2' });
    expect(flight).toMatchObject({ result: 'switched' });
    expect(flight.steps.map(({ name }) => name)).toEqual(expect.arrayContaining(['before', 'after']));
    const port = at.node('db2').port;
    const facts = { pool: 'shop', id: flight.id, kind: 'switch', from: 'db1', to: 'db2', by: 'test', toPort: port };
    expect(told(file)).toMatchObject([
      { event: 'before', ...facts },
      { event: 'after', ...facts, result: 'switched' },
    ]);
    at.change = (options) => ({ ...options, hooks: { before: teller(file, 1), after: teller(file), stonith: null } });
    await at.restart();
    const refused = await at.switch({ to: 'db1' });
    expect(refused).toMatchObject({ result: 'refused', reasons: [{ code: 'HOOK' }] });
    expect(refused.reasons[0]!.message).toContain('sh ended with exit code 1: said so');
    expect(told(file).at(-1)).toMatchObject({ event: 'after', result: 'refused' });
    expect(at.plane.gate).toBe('OPEN');
    expect(await at.writers()).toEqual(['db2']);
  });

  test('in a failover one that fails is a warning; who switched the old primary off makes it go on', async () => {
    const at = await start(
      await createCluster({ kind, replicas: 1 }),
      hooks({ before: teller(file, 1), after: teller(file, 1), stonith: teller(file) }),
    );
    await kill(at);
    const flight = await at.failover({});
    expect(flight).toMatchObject({ result: 'switched', to: 'db2' });
    expect(flight.warnings.filter(({ code }) => code === 'HOOK')).toHaveLength(2);
    expect(told(file).map(({ event }) => event)).toEqual(['before', 'stonith', 'after']);
  });

  test('an old primary that could not be switched off must be taken to be alive, unless a person insists', async () => {
    const at = await start(await createCluster({ kind, replicas: 1 }), hooks({ stonith: teller(file, 1) }));
    await kill(at);
    const flight = await at.failover({});
    expect(flight).toMatchObject({ result: 'rolled-back', reasons: [{ code: 'FENCE_FAILED' }] });
    expect(at.plane.gate).toBe('OPEN');
    const insisted = await at.failover({ force: true });
    expect(insisted).toMatchObject({ result: 'switched', to: 'db2' });
    expect(insisted.warnings.map(({ code }) => code)).toContain('FENCE_FAILED');
  });

  test('one that comes back while the hook runs is ACTIVE still', async () => {
    const waits = { command: ['sh', '-c', 'while ! [ -e "$0" ]; do sleep 0.05; done', file], timeoutMs: 30_000 };
    const at = await start(await createCluster({ kind, replicas: 1 }), hooks({ before: waits }));
    await kill(at);
    const flying = at.failover({});
    await at.node('db1').start();
    writeFileSync(file, '');
    expect(await flying).toMatchObject({ result: 'refused', reasons: [{ code: 'ALIVE' }] });
    expect(await at.writers()).toEqual(['db1']);
    // nothing of the failover is left in the way, once db2 has connected again
    await until('a switch may begin', async () => {
      const { answer } = await at.check({ to: 'db2', force: true });
      return answer === 'go' ? true : null;
    });
  });

  test('a site that is cut off promotes nobody', async () => {
    const port = await freePort();
    const at = await start(await createCluster({ kind, replicas: 1 }), () => ({
      checkpoints: [
        { place: 'outside', kind: 'tcp', host: '127.0.0.1', port: 1 },
        { place: 'edge', kind: 'tcp', host: '127.0.0.1', port },
      ],
    }));
    await kill(at);
    const flight = await at.failover({ force: true });
    expect(flight).toMatchObject({ result: 'refused', reasons: [{ code: 'CUT_OFF' }] });
    expect(flight.reasons[0]!.message).toContain('tcp 127.0.0.1:1 (outside): connect ECONNREFUSED');
    await until('a person is told', async () =>
      at.lines.some(({ message }) => message.startsWith('CUT_OFF: no checkpoint answers')) ? true : null,
    );
    const gateway = createServer().listen(port, '127.0.0.1');
    expect(await at.orchestrator.checkpoints('shop')).toMatchObject([{ ok: false }, { ok: true }]);
    expect(await at.failover({})).toMatchObject({ result: 'switched', to: 'db2' });
    gateway.close();
  });

  test('one that is dead when MySwitch is started again is replaced all the same', async () => {
    const at = await start(await createCluster({ kind, replicas: 2 }), () => ({}));
    await until('it is known', async () =>
      readFileSync(join(at.stateDir, 'shop.journal.json'), 'utf8').includes('"identity"') ? true : null,
    );
    await at.node('db1').kill();
    await at.restart();
    expect(await at.status()).toMatchObject({ active: 'db1' });
    const flight = await at.failover({});
    expect(flight).toMatchObject({ result: 'switched', from: 'db1' });
    const others = at.cluster.nodes.filter(({ name }) => name !== 'db1' && name !== flight.to);
    await at.node(flight.to!).sql('CREATE TABLE shop.t (id INT PRIMARY KEY)');
    await caughtUp(at.node(flight.to!), others);
  });

  test('one that an operator asked for and was refused is told and recorded', async () => {
    const at = await start(await createCluster({ kind, replicas: 1 }), () => ({}));
    const refused = await at.failover({});
    expect(refused).toMatchObject({ result: 'refused', reasons: [{ code: 'ALIVE' }] });
    expect(await at.orchestrator.history('shop')).toEqual([refused]);
    const event = (await at.orchestrator.events('shop')).find((each) => each.kind === 'FAILOVER');
    expect(event).toMatchObject({ by: 'test', message: expect.stringMatching(/^refused: db1 -> \?; ALIVE: /) });
    // what nobody asked for is tried again and again: that is no history
    expect(await at.failover({ by: 'automatic' })).toMatchObject({ result: 'refused' });
    expect(await at.orchestrator.history('shop')).toEqual([refused]);
  });

  test("the window between two failovers outlives a restart, and a clock that was set back; its files are nobody else's", async () => {
    const at = await start(await createCluster({ kind, replicas: 2 }), () => ({}));
    await kill(at);
    expect(await at.failover({})).toMatchObject({ result: 'switched' });
    const journal = join(at.stateDir, 'shop.journal.json');
    const again = async (lastFailover: number | null): Promise<string> => {
      at.change = (options) => {
        const memory = JSON.parse(readFileSync(journal, 'utf8')) as Record<string, unknown>;
        const changed = lastFailover === null ? {} : { lastFailover: new Date(lastFailover).toISOString() };
        writeFileSync(journal, JSON.stringify({ ...memory, ...changed }));
        return options;
      };
      await at.restart();
      const { result, reasons } = await at.failover({ by: 'automatic' });
      expect(result).toBe('refused');
      return reasons[0]!.code;
    };
    expect(await again(null)).toBe('RECENT');
    expect(await again(Date.now() + 3_600_000)).toBe('RECENT');
    expect(await again(Date.now() - 61_000)).toBe('ALIVE');
    const files = readdirSync(at.stateDir, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    const modes = files.map(({ name, parentPath }) => [name, statSync(join(parentPath, name)).mode & 0o777]);
    expect(modes.filter(([, mode]) => mode !== 0o600)).toEqual([]);
    expect(files.map(({ name }) => name)).toEqual(expect.arrayContaining(['shop.events.jsonl', 'shop.lock']));
  });

  test('failback on-recover: a PRIMARY that rejoins gets ACTIVE back by itself, and people are told once', async () => {
    const at = await start(await createCluster({ kind, replicas: 1 }), (options) => ({
      failover: { ...options.failover, failback: 'on-recover' },
      // nobody is to wait 10 s for a second try
      switch: { ...options.switch, maxLagMs: 5000 },
      notify: { ...teller(file), on: ['FAILOVER', 'SWITCH', 'RECOVERED', 'ADVICE'] },
    }));
    await kill(at);
    expect(await at.failover({})).toMatchObject({ result: 'switched', to: 'db2' });
    await at.node('db1').start();
    await until('it is closed', () => onlyWriter(at, 'db2'));
    const rejoined = await at.orchestrator.rejoin(
      'shop',
      { node: 'db1', by: 'test' },
      () => undefined,
      new AbortController().signal,
    );
    expect(rejoined).toMatchObject({ result: 'rejoined' });
    const back = await until('it is ACTIVE again', async (): Promise<FlightRecord | null> => {
      const records = (await at.orchestrator.history('shop')).filter((record) => record.kind !== 'rejoin');
      return records.find(({ kind: what }) => what === 'switch') ?? null;
    });
    expect(back).toMatchObject({ result: 'switched', from: 'db2', to: 'db1', by: 'automatic' });
    expect((await at.status()).active).toBe('db1');
    await until('all is told', async () => (told(file).some(({ event }) => event === 'SWITCH') ? true : null));
    expect(told(file).map(({ event }) => event)).toEqual(['FAILOVER', 'RECOVERED', 'SWITCH']);
  });
});
