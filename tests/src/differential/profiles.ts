import { Capability } from '@myswitch/protocol';

interface Profile {
  readonly add: number;
  readonly without: number;
}

/** What clients negotiate that changes what they are told, or how. */
export const PROFILES = Object.freeze({
  /** A driver of today that asks for trackers. */
  modern: { add: Capability.SESSION_TRACK | Capability.MULTI_STATEMENTS | Capability.LONG_FLAG, without: 0 },
  /** EOF packets, one statement a command. */
  classic: { add: 0, without: Capability.DEPRECATE_EOF },
  foundRows: { add: Capability.FOUND_ROWS | Capability.MULTI_STATEMENTS | Capability.LONG_FLAG, without: 0 },
  classicTracked: {
    add: Capability.SESSION_TRACK | Capability.MULTI_STATEMENTS,
    without: Capability.DEPRECATE_EOF,
  },
} as const satisfies Record<string, Profile>);
export type ProfileName = keyof typeof PROFILES;

export const PROFILE_NAMES = Object.keys(PROFILES) as readonly ProfileName[];
