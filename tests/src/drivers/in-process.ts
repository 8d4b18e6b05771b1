import type { Answer, Operation, Request, Session } from './driver';
import { failed } from './values';

type RequestOf<O extends Operation> = Extract<Request, { readonly op: O }>;

/** How a driver in this process does what it is asked; what is missing, the driver has not. */
export type Operations = { readonly [O in Operation]?: (request: RequestOf<O>) => Promise<unknown> };

/** Thrown for what a driver has not, when that depends on more than the operation. */
export class Unsupported extends Error {}

/** A driver in this process. */
export class InProcessSession implements Session {
  readonly #operations: Operations;
  readonly #end: () => Promise<void> | void;

  constructor(operations: Operations, end: () => Promise<void> | void) {
    this.#operations = operations;
    this.#end = end;
  }

  async ask(request: Request): Promise<Answer> {
    // Which member it is follows from `op`, which TypeScript can't follow through a table.
    const operation = this.#operations[request.op] as ((request: Request) => Promise<unknown>) | undefined;
    if (operation === undefined) return { unsupported: true };
    try {
      return { ok: (await operation(request)) ?? null };
    } catch (error) {
      return error instanceof Unsupported ? { unsupported: true } : failed(error);
    }
  }

  async end(): Promise<void> {
    await this.#end();
  }
}

/** Named things of a session: connections, statements. */
export class Named<T> {
  readonly #kept = new Map<string, T>();

  keep(name: string | undefined, thing: T): T {
    this.#kept.set(name ?? 'main', thing);
    return thing;
  }

  get(name: string | undefined): T {
    const thing = this.#kept.get(name ?? 'main');
    if (thing === undefined) throw new Error(`nothing is named ${name ?? 'main'}`);
    return thing;
  }

  take(name: string | undefined): T {
    const thing = this.get(name);
    this.#kept.delete(name ?? 'main');
    return thing;
  }

  all(): T[] {
    return [...this.#kept.values()];
  }
}
