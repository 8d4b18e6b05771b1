import { DataSource, EntitySchema, MoreThan } from 'typeorm';
import type { Driver } from '../driver';
import { type Mapper, type MapperTarget, mapperSession } from './mapper';

interface RecordRow {
  id?: number;
  name: string;
  amount: number;
}

const records = new EntitySchema<RecordRow>({
  name: 'records',
  columns: {
    id: { type: 'int', primary: true, generated: true },
    name: { type: 'varchar', length: 60 },
    amount: { type: 'int' },
  },
});

async function open({ host, port, user, password, database, ssl }: MapperTarget): Promise<Mapper> {
  const source = new DataSource({
    type: 'mysql',
    host,
    port,
    username: user,
    password,
    database,
    charset: 'utf8mb4',
    entities: [records],
    poolSize: 1,
    ...(ssl === undefined ? {} : { ssl }),
  });
  await source.initialize();
  const repository = source.getRepository(records);
  return {
    raw: (sql) => source.query(sql),
    model: async () => {
      const first = await repository.save({ name: 'typeorm 😀', amount: 1 });
      await repository.insert([
        { name: 'two', amount: 2 },
        { name: 'three', amount: 3 },
      ]);
      const changed = await repository.save({ ...first, amount: 10 });
      const { affected } = await repository.delete({ amount: 3 });
      const left = await repository.find({ where: { amount: MoreThan(1) }, order: { id: 'ASC' }, take: 5 });
      return { changed, affected, left };
    },
    transaction: (_table, work) =>
      source.transaction(async (manager) => {
        await manager.insert(records, { name: 'in a transaction', amount: 7 });
        work();
      }),
    close: () => source.destroy(),
  };
}

export const typeormDriver: Driver = { name: 'typeorm', open: () => mapperSession(open) };
