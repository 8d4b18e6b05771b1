import { CLIENTS } from './clients';
import type { Driver } from './driver';
import { mariadb } from './npm/mariadb';
import { mysql2 } from './npm/mysql2';
import { drizzleDriver } from './orm/drizzle';
import { knexDriver } from './orm/knex';
import { sequelizeDriver } from './orm/sequelize';
import { typeormDriver } from './orm/typeorm';
import { PROGRAMS } from './programs';

export const NPM_DRIVERS: readonly Driver[] = [mysql2, mariadb];

const MAPPERS: readonly Driver[] = [knexDriver, sequelizeDriver, typeormDriver, drizzleDriver];

export const DRIVERS: readonly Driver[] = [...NPM_DRIVERS, ...CLIENTS, ...PROGRAMS, ...MAPPERS];
