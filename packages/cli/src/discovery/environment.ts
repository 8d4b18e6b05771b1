/** Where passwords are looked for, by `init` now and by `start` later. */
export const Env = Object.freeze({
  CONTROL: 'MYSWITCH_CONTROL_PASSWORD',
  REPLICATION: 'MYSWITCH_REPLICATION_PASSWORD',
  ADMIN: 'MYSWITCH_ADMIN_PASSWORD',
} as const);
