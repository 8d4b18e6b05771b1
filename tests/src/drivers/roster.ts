import { CLIENTS } from './clients';
import { PROGRAMS } from './programs';
import type { Driver } from './driver';
import { mariadb } from './npm/mariadb';
import { mysql2 } from './npm/mysql2';

export const NPM_DRIVERS: readonly Driver[] = [mysql2, mariadb];

export const DRIVERS: readonly Driver[] = [...NPM_DRIVERS, ...CLIENTS, ...PROGRAMS];
