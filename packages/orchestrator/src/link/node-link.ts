import type { Clock } from '../clock';
import { ControlConnection } from './control-connection';
import type { Dialect } from '../dialects/dialect';
import { dialectOf } from '../dialects';
import type { Credentials, NodeOptions } from '../options';

/** How the control plane reaches one node: opens control connections, and knows the node's dialect once one was open. */
export class NodeLink {
  readonly options: NodeOptions;
  readonly #credentials: Credentials;
  readonly #clock: Clock;

  constructor(options: NodeOptions, credentials: Credentials, clock: Clock) {
    this.options = options;
    this.#credentials = credentials;
    this.#clock = clock;
  }

  get name(): string {
    return this.options.name;
  }

  async connect(deadlineMs: number): Promise<NodeConnection> {
    const connection = await ControlConnection.connect(this.options, this.#credentials, deadlineMs, this.#clock);
    try {
      return { connection, dialect: await dialectOf(connection, deadlineMs) };
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }
}

export interface NodeConnection {
  readonly connection: ControlConnection;
  readonly dialect: Dialect;
}
