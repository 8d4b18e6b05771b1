import { formatDuration } from '@myswitch/orchestrator';
import { formatEndpoint, type ServerConfig } from '../config';

/** Rows of SHOW VARIABLES: the configuration as it is in force, without secrets. */
export function configVariables(config: ServerConfig): ReadonlyMap<string, string> {
  const variables = new Map<string, string>([
    ['stateDir', config.orchestrator.stateDir],
    ['workers', String(config.workers)],
    ['admin.listen', formatEndpoint(config.admin.listen)],
    ['http.listen', formatEndpoint(config.http)],
  ]);
  for (const pool of config.proxy.pools) {
    const set = (key: string, value: string | number): void => void variables.set(`${pool.name}.${key}`, String(value));
    set('listen', pool.listen.map(formatEndpoint).join(','));
    set('maxClients', pool.maxClients);
    set('tls', pool.tls === null ? 'off' : 'on');
    set('proxyProtocol.trust', pool.proxyProtocol?.trust.join(',') ?? '');
    set('nodes', pool.nodes.map((node) => `${node.name}=${formatEndpoint(node)}`).join(','));
    set('users', pool.users.map(({ name }) => name).join(','));
    set('hold.max', formatDuration(pool.hold.maxMs));
    set('hold.clients', pool.hold.clients);
    set('hold.bytes', pool.hold.bytes);
    set('backend.min', pool.backend.min);
    set('backend.max', pool.backend.max);
  }
  for (const { name, monitor, failover, hooks, notify, checkpoints, switch: limits } of config.orchestrator.pools) {
    const set = (key: string, value: string): void => void variables.set(`${name}.${key}`, value);
    set('monitor.interval', formatDuration(monitor.intervalMs));
    set('monitor.failures', String(monitor.failures));
    set('monitor.schema', monitor.schema);
    set('failover.mode', failover.mode);
    set('failover.window', formatDuration(failover.windowMs));
    set('failover.apply', formatDuration(failover.applyMs));
    set('failover.failback', failover.failback);
    // arguments may hold a secret
    set('hooks.before', hooks.before?.command[0] ?? '');
    set('hooks.after', hooks.after?.command[0] ?? '');
    set('hooks.stonith', hooks.stonith?.command[0] ?? '');
    set('notify.on', notify?.on.join(',') ?? '');
    set('checkpoints', String(checkpoints.length));
    set('switch.maxLag', formatDuration(limits.maxLagMs));
    set('switch.catchUp', formatDuration(limits.catchUpMs));
    set('switch.drain', formatDuration(limits.drainMs));
    set('switch.fence', formatDuration(limits.fenceMs));
    set('switch.apply', formatDuration(limits.applyMs));
    set('switch.rollback', formatDuration(limits.rollbackMs));
    set('switch.bypass', limits.bypass);
    set('switch.allow', limits.allow.join(','));
    set('switch.events', limits.events);
  }
  return variables;
}
