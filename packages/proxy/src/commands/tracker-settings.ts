import type { Assignment, Statement } from '@myswitch/protocol';
import { quoteIdentifier } from '@myswitch/protocol';
import type { Session } from '../session/session';

/**
 * Takes the client's own session_track_* settings out of a SET: they live with us, since a backend has to tell us more.
 * Returns the text that is left, null when nothing is.
 */
export function withoutTrackerSettings(session: Session, statement: Statement): string | null {
  const rest: string[] = [];
  for (const assignment of statement.assignments) {
    if (isTrackerSetting(assignment)) session.trackers.set(assignment.name, assignment.value.text);
    else rest.push(textOf(assignment));
  }
  return rest.length > 0 ? `SET ${rest.join(', ')}` : null;
}

const VIRTUAL: ReadonlySet<string> = new Set([
  'session_track_gtids',
  'session_track_schema',
  'session_track_state_change',
  'session_track_system_variables',
]);

export function isTrackerSetting(assignment: Assignment): assignment is Extract<Assignment, { target: 'system' }> {
  return assignment.target === 'system' && assignment.scope === 'session' && VIRTUAL.has(assignment.name);
}

function textOf(assignment: Assignment): string {
  if (assignment.target === 'user') return `@${quoteIdentifier(assignment.name)} = ${assignment.value.text}`;
  if (assignment.target === 'system') return `@@${assignment.scope}.${assignment.name} = ${assignment.value.text}`;
  if (assignment.target === 'names') {
    const collation = assignment.collation === null ? '' : ` COLLATE ${assignment.collation}`;
    return `NAMES ${assignment.charset ?? 'DEFAULT'}${collation}`;
  }
  if (assignment.target === 'charset') return `CHARACTER SET ${assignment.charset ?? 'DEFAULT'}`;
  return '';
}
