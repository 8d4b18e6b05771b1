/** What the data plane is told. Durations are milliseconds, sizes bytes; passwords and certificates are already read. */
export interface ProxyOptions {
  readonly pools: readonly PoolOptions[];
}

export interface PoolOptions {
  readonly name: string;
  readonly listen: readonly ListenAddress[];
  readonly maxClients: number;
  readonly tls: TlsFiles | null;
  /** Load balancers that tell whose connection they pass on: addresses and networks such as 10.0.0.0/8. */
  readonly proxyProtocol: { readonly trust: readonly string[] } | null;
  readonly nodes: readonly NodeOptions[];
  /** Accounts whose passwords are known, besides those that are learned from the servers. */
  readonly users: readonly UserOptions[];
  /** Asks the servers what a fresh session is like where nobody else can yet. */
  readonly control?: UserOptions;
  readonly hold: { readonly maxMs: number; readonly clients: number; readonly bytes: number };
  readonly backend: { readonly min: number; readonly max: number };
}

export type ListenAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** PEM texts. */
export interface TlsFiles {
  readonly cert: string | null;
  readonly key: string | null;
  /** Whose certificates the other side may have; of a listener: clients are asked for one, and need none. */
  readonly ca: string | null;
}

export interface NodeOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | null;
  /** It is told each client's own address. */
  readonly proxyProtocol: boolean;
}

export interface UserOptions {
  readonly name: string;
  readonly password: string;
}
