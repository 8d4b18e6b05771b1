import { readFileSync } from 'node:fs';
import type { ConnectRequest, Session, Target } from '../driver';
import { InProcessSession, Unsupported } from '../in-process';
import { told } from '../values';

/** What the mappers' connections are made with. */
export interface MapperTarget extends Target {
  readonly ssl?: { readonly ca: string };
}

/** A mapper that is connected, with one connection in its pool, so that it has a session. */
export interface Mapper {
  /** A statement of the application's own; rows as objects, or a header. */
  raw(sql: string): Promise<unknown>;
  /** Writes three records, changes one and removes one in the mapper's own way; resolves with what it says and what is left. */
  model(table: string): Promise<unknown>;
  /** A record written in the mapper's own transaction, which `work` ends by throwing when it is not to be committed. */
  transaction(table: string, work: () => void): Promise<unknown>;
  close(): Promise<void>;
}

const UNDONE = 'undone on purpose';

const described = (result: unknown): unknown => {
  if (!Array.isArray(result))
    return { affected: (result as { affectedRows?: number } | undefined)?.affectedRows ?? null };
  return result.map((row: object) => Object.entries(row).map(([name, value]) => [name, told(value)]));
};

export function mapperSession(open: (target: MapperTarget) => Promise<Mapper>): Session {
  let mapper: Mapper | null = null;
  const close = async (): Promise<void> => {
    const before = mapper;
    mapper = null;
    await before?.close();
  };
  return new InProcessSession(
    {
      connect: async ({ host, port, user, password, database, ca, compress, on }: ConnectRequest & { on?: string }) => {
        // Mappers have pools, not connections; TLS is a setting of the driver below.
        if (on !== undefined || compress === true) throw new Unsupported();
        const ssl = ca === undefined ? {} : { ssl: { ca: readFileSync(ca, 'utf8') } };
        mapper = await open({ host, port, user, password, database, ...ssl });
      },
      query: async ({ sql }) => described(await mapper!.raw(sql)),
      use: async ({ database }) => void (await mapper!.raw(`USE \`${database}\``)),
      model: async ({ table }) => JSON.parse(JSON.stringify(await mapper!.model(table))) as unknown,
      transaction: async ({ table, commit }) => {
        const work = (): void => {
          if (!commit) throw new Error(UNDONE);
        };
        await mapper!.transaction(table, work).catch((error: Error) => {
          if (error.message !== UNDONE) throw error;
        });
        return described(await mapper!.raw(`SELECT COUNT(*) AS n FROM ${table} WHERE amount = 7`));
      },
      close,
    },
    close,
  );
}
