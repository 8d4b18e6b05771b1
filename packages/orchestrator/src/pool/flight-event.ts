import { sentenceOf } from '../reasons';
import { EventKind, type FlightRecord, type PoolEvent, type RejoinReport } from '../report';

type Event = Omit<PoolEvent, 'at' | 'pool'>;

const KINDS: Readonly<Record<FlightRecord['kind'], EventKind>> = {
  switch: EventKind.SWITCH,
  failover: EventKind.FAILOVER,
};

export function flightEvent({ id, kind, from, to, by, result, holdMs, reasons, warnings, gtid }: FlightRecord): Event {
  const told = [`${result}: ${from ?? '?'} -> ${to ?? '?'}`, ...because(reasons)];
  return { kind: KINDS[kind], node: to, by, message: told.join('; '), facts: { id, holdMs, warnings, gtid } };
}

export function rejoinEvent({ id, node, active, by, result, reasons }: RejoinReport): Event {
  const told = [`rejoin ${result}: ${node} -> ${active ?? '?'}`, ...because(reasons)];
  return { kind: EventKind.ORDER, node, by, message: told.join('; '), facts: { id } };
}

const because = (reasons: FlightRecord['reasons']): string[] => (reasons.length === 0 ? [] : [sentenceOf(reasons)]);
