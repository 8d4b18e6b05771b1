import { asc, eq, gt, sql } from 'drizzle-orm';
import { int, mysqlTable, varchar } from 'drizzle-orm/mysql-core';
import { drizzle } from 'drizzle-orm/mysql2';
import { createPool } from 'mysql2/promise';
import type { Driver } from '../driver';
import { type Mapper, type MapperTarget, mapperSession } from './mapper';

const records = mysqlTable('records', {
  id: int().autoincrement().primaryKey(),
  name: varchar({ length: 60 }),
  amount: int(),
});

async function open(target: MapperTarget): Promise<Mapper> {
  const pool = createPool({ ...target, charset: 'utf8mb4', connectionLimit: 1 });
  const db = drizzle({ client: pool });
  await db.execute(sql`SELECT 1`);
  return {
    raw: async (text) => (await db.execute(sql.raw(text)))[0],
    model: async () => {
      const [{ id } = { id: 0 }] = await db.insert(records).values({ name: 'drizzle 😀', amount: 1 }).$returningId();
      await db.insert(records).values([
        { name: 'two', amount: 2 },
        { name: 'three', amount: 3 },
      ]);
      const [changed] = await db.update(records).set({ amount: 10 }).where(eq(records.id, id));
      const [removed] = await db.delete(records).where(eq(records.amount, 3));
      const left = await db.select().from(records).where(gt(records.amount, 1)).orderBy(asc(records.id)).limit(5);
      return { id, changed: changed.affectedRows, removed: removed.affectedRows, left };
    },
    transaction: (_table, work) =>
      db.transaction(async (transaction) => {
        await transaction.insert(records).values({ name: 'in a transaction', amount: 7 });
        work();
      }),
    close: () => pool.end(),
  };
}

export const drizzleDriver: Driver = { name: 'drizzle-orm', open: () => mapperSession(open) };
