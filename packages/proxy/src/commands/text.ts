import { encodePacket, ReplyGrammar } from '@myswitch/protocol';
import type { Statement } from '@myswitch/protocol';
import type { Backend } from '../backend/backend';
import type { Session, Work } from '../session/session';

/** A COM_QUERY packet, header included, on its way to a server. */
export class QueryWork implements Work {
  readonly grammar = ReplyGrammar.QUERY;
  readonly statement: Statement;
  readonly #packet: Buffer;

  constructor(packet: Buffer, statement: Statement) {
    this.#packet = packet;
    this.statement = statement;
  }

  get bytes(): number {
    return this.#packet.length;
  }

  write(_session: Session, backend: Backend): void {
    backend.write(this.#packet);
  }
}

/** A text of our own in place of the client's. `sql`: bytes as latin1. */
export function textWork(sql: string, statement: Statement): QueryWork {
  return new QueryWork(encodePacket(Buffer.from(`\u0003${sql}`, 'latin1'), 0), statement);
}
