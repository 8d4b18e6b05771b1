import type { Pattern } from './judge';

/** Differences that are to go: each entry is removed with what causes it. An entry that nothing needs fails the long test. */
export const FINDINGS: readonly Pattern[] = [
  { name: 'F7', why: 'trackers of COM_CHANGE_USER', step: /^CHANGE_USER/ },
  {
    name: 'F8',
    why: 'a user changed in vain',
    kind: 'mariadb',
    title: /^a user (that is changed in vain|changed to a miss)/,
  },
];
