import knex from 'knex';
import type { Driver } from '../driver';
import { type Mapper, type MapperTarget, mapperSession } from './mapper';

async function open(target: MapperTarget): Promise<Mapper> {
  const db = knex({ client: 'mysql2', connection: { ...target, charset: 'utf8mb4' }, pool: { min: 1, max: 1 } });
  await db.raw('SELECT 1');
  return {
    raw: async (sql) => (await db.raw<[unknown]>(sql))[0],
    model: async (table) => {
      const [id] = await db(table).insert({ name: 'knex 😀', amount: 1 });
      await db(table).insert([
        { name: 'two', amount: 2 },
        { name: 'three', amount: 3 },
      ]);
      const changed = await db(table).where({ id }).update({ amount: 10 });
      const removed = await db(table).where('amount', 3).del();
      const left: unknown = await db(table).where('amount', '>', 1).orderBy('id').limit(5);
      return { id, changed, removed, left };
    },
    transaction: (table, work) =>
      db.transaction(async (transaction) => {
        await transaction(table).insert({ name: 'in a transaction', amount: 7 });
        work();
      }),
    close: () => db.destroy(),
  };
}

export const knexDriver: Driver = { name: 'knex', open: () => mapperSession(open) };
