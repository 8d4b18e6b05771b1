import type { AdminContext, AdminSession } from './context';
import { parse } from './grammar';
import type { Reply } from './reply';
import type { ShowKind } from './statement';
import { showCheckpoints } from './statements/checkpoints';
import { showEvents } from './statements/events';
import { kill } from './statements/kill';
import { mppSet, mppShow } from './statements/mpp';
import { isUp, reportNode } from './statements/nodes';
import { carryOut, poll } from './statements/order';
import { select, showDatabases, showTables, showVariables, showWarnings, use } from './statements/session';
import { showNodes, showPools } from './statements/show-pools';
import { showSwitch, showSwitches } from './statements/show-switches';
import { showBackends, showPins, showQueues, showSessions } from './statements/show-traffic';
import { runRejoin } from './statements/rejoin';
import { checkFailover, checkSwitch, runFailover, runMoveBack, runSwitch } from './statements/switch';

const SHOW: Readonly<Record<ShowKind, (context: AdminContext, reply: Reply) => Promise<void> | void>> = {
  pools: showPools,
  nodes: showNodes,
  sessions: showSessions,
  pins: showPins,
  queues: showQueues,
  backends: showBackends,
  databases: (_context, reply) => showDatabases(reply),
  tables: (_context, reply) => showTables(reply),
  warnings: (_context, reply) => showWarnings(reply),
};

/**
 * Runs one statement and writes its whole reply, unless it throws.
 * @param abort ends a running switch (rolls it back while it can)
 * @throws AdminError for an ERR packet; anything else is an internal error
 */
export async function execute(
  context: AdminContext,
  session: AdminSession,
  sql: string,
  reply: Reply,
  abort: AbortSignal,
): Promise<void> {
  const statement = parse(sql);
  switch (statement.kind) {
    case 'show':
      return SHOW[statement.what](context, reply);
    case 'show-variables':
      return showVariables(context, statement.like, reply);
    case 'show-switches':
      return showSwitches(context, statement.pool, reply);
    case 'show-switch':
      return showSwitch(context, statement.id, reply);
    case 'check':
      return checkSwitch(context, session, statement, reply);
    case 'switch':
      return runSwitch(context, session, statement, reply, abort);
    case 'check-failover':
      return checkFailover(context, session, statement, reply);
    case 'failover':
      return runFailover(context, session, statement, reply);
    case 'switchback':
    case 'activate-primary':
      return runMoveBack(context, session, statement, reply, abort);
    case 'show-checkpoints':
      return showCheckpoints(context, statement.pool, reply);
    case 'rejoin':
      return runRejoin(context, session, statement, reply, abort);
    case 'show-events':
      return showEvents(context, statement.pool, reply);
    case 'order':
      return carryOut(context, session, statement, reply);
    case 'poll':
      return poll(context, session, statement, reply);
    case 'report':
      return reportNode(context, statement, reply);
    case 'is-up':
      return isUp(context, statement, reply);
    case 'mpp-set':
      return mppSet(context, session, statement, reply);
    case 'mpp-show':
      return mppShow(context, reply);
    case 'kill':
      return kill(context, session, statement, reply);
    case 'select':
      return select(context, session, statement.items, reply);
    case 'use':
      use(session, statement.schema);
      return reply.ok();
    case 'no-effect':
      return reply.ok();
  }
  return statement satisfies never;
}
