import * as mysql2 from 'mysql2';
import { DataTypes, Op, Sequelize } from 'sequelize';
import type { Driver } from '../driver';
import { type Mapper, type MapperTarget, mapperSession } from './mapper';

async function open({ host, port, user, password, database, ssl }: MapperTarget): Promise<Mapper> {
  const sequelize = new Sequelize(database, user, password, {
    host,
    port,
    dialect: 'mysql',
    dialectModule: mysql2,
    dialectOptions: { charset: 'utf8mb4', ...(ssl === undefined ? {} : { ssl }) },
    pool: { min: 1, max: 1 },
    logging: false,
  });
  await sequelize.authenticate();
  const columns = { name: DataTypes.STRING, amount: DataTypes.INTEGER };
  const modelOf = (tableName: string): ReturnType<Sequelize['define']> =>
    sequelize.models[tableName] ?? sequelize.define(tableName, columns, { tableName, timestamps: false });
  return {
    raw: async (sql) => (await sequelize.query(sql))[0],
    model: async (table) => {
      const model = modelOf(table);
      const first = await model.create({ name: 'sequelize 😀', amount: 1 });
      await model.bulkCreate([
        { name: 'two', amount: 2 },
        { name: 'three', amount: 3 },
      ]);
      const changed = await first.update({ amount: 10 });
      const removed = await model.destroy({ where: { amount: 3 } });
      const left = await model.findAll({ where: { amount: { [Op.gt]: 1 } }, order: ['id'], limit: 5, raw: true });
      return { changed, removed, left };
    },
    transaction: (table, work) =>
      sequelize.transaction(async (transaction) => {
        await modelOf(table).create({ name: 'in a transaction', amount: 7 }, { transaction });
        work();
      }),
    close: () => sequelize.close(),
  };
}

export const sequelizeDriver: Driver = { name: 'sequelize', open: () => mapperSession(open) };
