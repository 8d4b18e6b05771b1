/** Where a server is reached, as somebody spelled it. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `[::1]:3306`. */
export const formatAddress = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
