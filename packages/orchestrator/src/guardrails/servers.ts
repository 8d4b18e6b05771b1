import type { Inspection } from '../dialects/dialect';
import { accountDifferences } from '../dialects/accounts';
import type { GuardrailAnswer } from '../report';
import { known, pass, refuse } from './answer';
import { some, type ServerFacts } from './facts';

type Guardrail = (facts: ServerFacts) => GuardrailAnswer;

const both = (
  code: string,
  { inspection }: ServerFacts,
  answer: (from: Inspection, to: Inspection) => GuardrailAnswer,
): GuardrailAnswer => known(code, inspection.from, (from) => known(code, inspection.to, (to) => answer(from, to)));

/** Major and minor of a version text such as 10.11.18-MariaDB-log. */
const series = (version: string): readonly [number, number] => {
  const [major, minor] = version.split('.');
  return [Number.parseInt(major ?? '0', 10), Number.parseInt(minor ?? '0', 10)];
};

const version: Guardrail = ({ from, to }) => {
  const ours = from.observation;
  const theirs = to.observation;
  if (ours === null || theirs === null) {
    return refuse('VERSION', 'not known yet');
  }
  if (ours.kind !== theirs.kind) {
    return refuse('VERSION', `${from.name} is ${ours.kind}, ${to.name} is ${theirs.kind}`);
  }
  const [ourMajor, ourMinor] = series(ours.version);
  const [major, minor] = series(theirs.version);
  return major > ourMajor || (major === ourMajor && minor >= ourMinor)
    ? pass('VERSION', `${ours.version} to ${theirs.version}`)
    : refuse('VERSION', `${to.name} runs ${theirs.version}, older than ${from.name} with ${ours.version}`);
};

/** All differences at once: the operator repairs them in one go. */
function differences(facts: ServerFacts, from: Inspection, to: Inspection): readonly string[] {
  const names = Object.keys({ ...from.parity, ...to.parity });
  const variables = names
    .filter((name) => from.parity[name] !== to.parity[name])
    .map((name) => `${name} '${from.parity[name] ?? ''}' and '${to.parity[name] ?? ''}'`);
  const accounts = accountDifferences(from.accounts, to.accounts).map((account) => `account ${account}`);
  const plugins = from.plugins.filter((name) => !to.plugins.includes(name)).map((name) => `plugin ${name} missing`);
  const connections =
    to.maxConnections < from.maxConnections ? [`max_connections ${from.maxConnections} and ${to.maxConnections}`] : [];
  const ids = facts.topology.nodes.map((node) => node.observation?.serverId).filter((id) => id !== undefined);
  const twice = ids.some((id, index) => ids.indexOf(id) !== index) ? ['two nodes have the same server_id'] : [];
  return [...variables, ...connections, ...twice, ...plugins, ...accounts];
}

const parity: Guardrail = (facts) =>
  both('PARITY', facts, (from, to) => {
    const found = differences(facts, from, to);
    return found.length === 0
      ? pass('PARITY', 'settings, plugins, accounts and grants are equal')
      : refuse('PARITY', `${facts.from.name} and ${facts.to.name} differ: ${some(found)}`);
  });

const privileges: Guardrail = (facts) =>
  both('PRIVILEGES', facts, (from, to) => {
    const missing = [...new Set([...from.missingGrants, ...to.missingGrants])];
    if (missing.length > 0) {
      return refuse('PRIVILEGES', `the control account lacks: ${missing.join('; ')}`);
    }
    return known('PRIVILEGES', facts.replicationLogin, (there) =>
      there
        ? pass('PRIVILEGES', 'the control and replication accounts have what a switch needs')
        : refuse(
            'PRIVILEGES',
            facts.pool.replication === null
              ? `no replication account is configured, so ${facts.from.name} could not follow ${facts.to.name}`
              : `GRANT REPLICATION SLAVE ON *.* TO ${facts.pool.replication.user}: ${facts.to.name} has no such account`,
          ),
    );
  });

const xa: Guardrail = (facts) =>
  both('XA', facts, ({ preparedXa }) =>
    preparedXa.length === 0
      ? pass('XA', 'no prepared XA transaction')
      : refuse('XA', `prepared on ${facts.from.name}, and could be committed behind the fence: ${some(preparedXa)}`),
  );

const events: Guardrail = (facts) =>
  both('EVENTS', facts, ({ enabledEvents }) =>
    pass(
      'EVENTS',
      enabledEvents.length === 0
        ? 'no enabled event'
        : `${facts.pool.switch.events === 'move' ? 'move with the switch' : 'stay off after the switch'}: ${some(
            enabledEvents.map((event) => `${event.schema}.${event.name}`),
          )}`,
    ),
  );

const disk: Guardrail = () => pass('DISK', 'not checked: free space cannot be seen by SQL');

export const serverGuardrails: readonly Guardrail[] = [version, parity, privileges, xa, events, disk];
