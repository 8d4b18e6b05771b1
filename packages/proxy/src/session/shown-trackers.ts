import type { Tracker } from '@myswitch/protocol';

/**
 * What the client wants to be told of its session. Backends are asked for more of these, so the client's own settings of
 * them live here and never reach a server.
 */
export class ShownTrackers {
  #variables: ReadonlySet<string> = DEFAULT_VARIABLES;
  #schema = true;
  #stateChange = false;
  #gtids = false;

  /** `text`: the value as the SET statement gave it. */
  set(name: string, text: string): void {
    const value = text.replace(/^['"]|['"]$/g, '').toLowerCase();
    const on = value === 'on' || value === '1' || value === 'true' || value === 'default';
    if (name === 'session_track_schema') this.#schema = on;
    else if (name === 'session_track_gtids')
      this.#gtids = value === 'own_gtid' || value === '1' || value === 'all_gtids' || value === '2';
    else if (name === 'session_track_state_change') this.#stateChange = on && value !== 'default';
    else if (name === 'session_track_system_variables') {
      this.#variables = value === 'default' ? DEFAULT_VARIABLES : new Set(value.split(',').map((part) => part.trim()));
    }
  }

  /** As after login. */
  reset(): void {
    this.#variables = DEFAULT_VARIABLES;
    this.#schema = true;
    this.#stateChange = this.#gtids = false;
  }

  shown(told: readonly Tracker[]): readonly Tracker[] {
    return told.filter((tracker) => {
      switch (tracker.kind) {
        case 'systemVariable':
          return this.#variables.has('*') || this.#variables.has(tracker.name.toLowerCase());
        case 'schema':
          return this.#schema;
        case 'stateChange':
          return this.#stateChange;
        case 'gtids':
          return this.#gtids;
        case 'transactionCharacteristics':
        case 'transactionState':
          return true; // backends tell them only where the session has asked
        case 'unknown':
          return false;
      }
      return tracker satisfies never;
    });
  }
}

/** The default of session_track_system_variables, the same on MySQL and MariaDB. */
const DEFAULT_VARIABLES: ReadonlySet<string> = new Set([
  'autocommit',
  'character_set_client',
  'character_set_connection',
  'character_set_results',
  'time_zone',
]);
