import { caughtUp, checkLedger, createCluster, type Kind, sleep } from '@myswitch/testkit';
import { Network } from '../support/namespaces';
import { Stage } from '../support/stage';
import { Line } from './line';
import { Loss, type Scenario } from './scenario';
import { Scene } from './scene';

const RATE = 300;

/** Four polls of 250 ms make FAIL. */
const POOL = { monitor: { interval: '250ms' }, failover: { mode: 'automatic' }, hold: { max: '30s' } };

/** No node writes after a restart, as a DBA has it who was told by MySwitch. */
const MY_CNF = ['read_only=1'];

/** Sets the stage, lets it happen, and compares. */
export async function play(scenario: Scenario, kind: Kind): Promise<void> {
  const lines = new Map<string, Line>();
  const network = scenario.networked === true ? Network.create() : null;
  try {
    const stage = await setStage(scenario, kind, lines, network);
    await playOn(stage, scenario, lines, network);
  } finally {
    network?.remove();
  }
}

async function playOn(
  stage: Stage,
  scenario: Scenario,
  lines: ReadonlyMap<string, Line>,
  network: Network | null,
): Promise<void> {
  const { expect: expected } = scenario;
  try {
    for (const server of stage.cluster.nodes) for (const line of MY_CNF) server.addToMyCnf(line);
    const scene = new Scene(stage, RATE, lines, network);
    try {
      await scene.written(50);
      await scenario.fault(scene);
      await sleep(500);
    } finally {
      for (const server of stage.cluster.nodes) server.resume();
      await scene.end();
    }
    await compare(scenario, scene);
    expect(scene.twoWriters.length).toBeLessThanOrEqual(expected.twoWriters ?? 0);
    expect((await stage.status()).active).toMatch(new RegExp(expected.active));
    for (const text of expected.log ?? []) expect(stage.mySwitch.output).toContain(text);
  } catch (error) {
    if (error instanceof Error) error.message += `\nits log ends: ${stage.mySwitch.output.slice(-4000)}`;
    throw error;
  } finally {
    for (const line of lines.values()) line.cut();
    await stage.strike();
    await scenario.tearDown?.();
  }
}

async function setStage(
  scenario: Scenario,
  kind: Kind,
  lines: Map<string, Line>,
  network: Network | null,
): Promise<Stage> {
  const { topology, pool, nodes = {}, overLines } = scenario;
  const places = network === null ? {} : { network: (name: string) => network.place(name) };
  const cluster = await createCluster({ kind, ...topology, ...places });
  await scenario.setUp?.(cluster);
  const keys = typeof pool === 'function' ? await pool(cluster) : pool;
  if (overLines === true) for (const server of cluster.nodes) lines.set(server.name, await Line.to(server));
  const configured = cluster.nodes.map(({ name, host, port }, index) => ({
    name,
    address: `${host}:${lines.get(name)?.port ?? port}`,
    replicationAddress: `${host}:${port}`,
    type: index === 0 ? 'primary' : 'secondary',
    ...nodes[name],
  }));
  return Stage.on(cluster, { ...POOL, nodes: configured, ...keys });
}

async function compare({ expect: expected }: Scenario, scene: Scene): Promise<void> {
  const { stage, workload, seen } = scene;
  const flights = (await scene.flights()).map(({ kind, result, reasons }) =>
    [kind, result, ...reasons.map(({ code }) => code)].join(' '),
  );
  expect(flights).toEqual(expected.flights);
  expect(inOrder(seen, expected.states)).toEqual(expected.states);

  const report = workload.report();
  const { dropped, sessionErrors } = report;
  const messages = dropped === 0 ? [] : report.messages;
  if (expected.drops !== true) {
    expect({ dropped, sessionErrors, messages }).toEqual({ dropped: 0, sessionErrors: [], messages: [] });
  }
  const strange = Object.keys(report.failedBy).filter((errno) => !expected.errors.includes(Number(errno)));
  expect({ strange, messages: strange.length === 0 ? [] : report.messages }).toEqual({ strange: [], messages: [] });
  if (expected.drops !== true) expect(report.unknown).toBe(0);

  if (expected.within !== undefined) expect(report.longest).toBeLessThan(expected.within);

  const { active } = await stage.status();
  const primary = stage.node(active!);
  await caughtUp(
    primary,
    expected.followers.map((name) => stage.node(name)),
  );
  const { lost, duplicated, strange: unasked, unbalanced } = await checkLedger(primary, workload);
  expect({ duplicated, unasked, unbalanced }).toEqual({ duplicated: [], unasked: [], unbalanced: [] });
  if (expected.loss === Loss.NONE) expect(lost).toEqual([]);
  for (const name of expected.followers) {
    expect({ name, ...(await checkLedger(stage.node(name), workload)) }).toMatchObject({ name, lost, unbalanced: [] });
  }
}

/** As many of `wanted` as stand in `seen` in that order. */
function inOrder(seen: readonly string[], wanted: readonly string[]): string[] {
  const found: string[] = [];
  let from = 0;
  for (const line of wanted) {
    const at = seen.findIndex((each, index) => index >= from && new RegExp(`^${line}$`).test(each));
    if (at < 0) break;
    found.push(line);
    from = at + 1;
  }
  return found;
}
