import { SessionContext } from '../session/context';

export interface Collation {
  readonly charset: string;
  readonly collation: string;
}

/** What a fresh session on a node is like; read once for each generation of a node's backends. */
export interface NodeBaseline {
  readonly serverVersion: string;
  /** Low byte of the collation that the server greets with. */
  readonly characterSet: number;
  readonly context: SessionContext;
  readonly collations: ReadonlyMap<number, Collation>;
  /** SET that makes the server tell what changes; run once on each new backend. */
  readonly trackers: string;
}

/** The context of a session whose handshake named a collation; an unknown one gets the server's default, as there. */
export function contextFor(baseline: NodeBaseline, characterSet: number, schema: string | null): SessionContext {
  const known = baseline.collations.get(characterSet);
  if (known === undefined) return baseline.context.withSchema(schema);
  // no client can speak these: the server falls back to its default too
  if (/^(ucs2|utf16|utf16le|utf32)$/.test(known.charset)) return baseline.context.withSchema(schema);
  const { charset, collation } = known;
  const variables = new Map([
    ['character_set_client', `'${charset}'`],
    ['character_set_results', `'${charset}'`],
    ['character_set_connection', `'${charset}'`],
    ['collation_connection', `'${collation}'`],
  ]);
  return new SessionContext(schema, variables, new Map());
}
