import { isIP } from 'node:net';
import { DURATION_PATTERN, formatAddress, parseDuration } from '@myswitch/orchestrator';
import { z } from 'zod';

export interface TcpEndpoint {
  readonly host: string;
  readonly port: number;
}

/** Where something listens or is reached. `path` is a Unix socket, still as it was written. */
export type Endpoint = TcpEndpoint | { readonly path: string };

const UNIT_BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 };
const SIZE_PATTERN = /^(\d{1,9})(B|KiB|MiB|GiB)$/;
const HOST_PORT_PATTERN = /^(\[[0-9A-Fa-f:.%]+\]|[^\s:/[\]]+):(\d{1,5})$/;
const ENDPOINT_PATTERN = /^(?:unix:.+|(?:\[[0-9A-Fa-f:.%]+\]|[^\s:/[\]]+):\d{1,5})$/;
const NAME_PATTERN = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** `64MiB` as bytes; `null` when the text is not a size. */
function parseSize(text: string): number | null {
  const match = SIZE_PATTERN.exec(text);
  const unit = UNIT_BYTES[match?.[2] ?? ''];
  return match === null || unit === undefined ? null : Number(match[1]) * unit;
}

/** `host:port`, `[::1]:3306` or `unix:/path`; `null` when the text is none of them or the port is not 1 to 65535. */
function parseEndpoint(text: string): Endpoint | null {
  if (text.startsWith('unix:')) return text.length > 5 ? { path: text.slice(5) } : null;
  const match = HOST_PORT_PATTERN.exec(text);
  const [, host, digits] = match ?? [];
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) return null;
  return { host: host.startsWith('[') ? host.slice(1, -1) : host, port };
}

/** `db1.example.com:3306`, `[::1]:3306`; `null` when it is no such address. */
export function tcpEndpoint(text: string): TcpEndpoint | null {
  const endpoint = parseEndpoint(text);
  return endpoint !== null && 'host' in endpoint ? endpoint : null;
}

export function formatEndpoint(endpoint: Endpoint): string {
  if ('path' in endpoint) return `unix:${endpoint.path}`;
  return formatAddress(endpoint);
}

/** Milliseconds. */
export const duration = z
  .string('expected a duration such as 1s or 200ms')
  .regex(DURATION_PATTERN, 'is not a duration such as 1s or 200ms')
  .transform((text) => parseDuration(text) ?? 0);

/** Bytes. */
export const size = z
  .string('expected a size such as 64MiB')
  .regex(SIZE_PATTERN, 'is not a size such as 64MiB')
  .transform((text) => parseSize(text) ?? 0);

/** A regular expression can't bound a port, so the parser has the last word. */
function endpointOf<T extends Endpoint>(
  pattern: RegExp,
  message: string,
  accept: (endpoint: Endpoint) => endpoint is T,
) {
  return z
    .string()
    .regex(pattern, message)
    .transform((text, context): T => {
      const endpoint = parseEndpoint(text);
      if (endpoint !== null && accept(endpoint)) return endpoint;
      context.addIssue({ code: 'custom', message: 'has no port from 1 to 65535' });
      return z.NEVER;
    });
}

export const listenAddress = endpointOf(
  ENDPOINT_PATTERN,
  'is not an address such as 127.0.0.1:3307, "[::1]:3307" or unix:/path',
  (endpoint): endpoint is Endpoint => endpoint !== null,
);

export const tcpAddress = endpointOf(
  HOST_PORT_PATTERN,
  'is not an address such as db1.example.com:3306 or "[::1]:3306"',
  (endpoint): endpoint is TcpEndpoint => 'host' in endpoint,
);

export const name = z
  .string()
  .regex(NAME_PATTERN, 'is not a name (letters, digits, "_", "-" and ".", 64 characters at most)');

/** An address, or a network such as 10.0.0.0/8. */
export const network = z
  .string()
  .refine(isNetwork, 'is not an address such as 10.0.0.7 or a network such as 10.0.0.0/8');

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
  return bits > 0 && !address.includes('%') && isPrefix && more.length === 0;
}

/** A secret as the file has it: where it is, not what it is. */
export type SecretSource =
  | { readonly kind: 'plain'; readonly value: string }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string };

export const secret = z.union([
  z.string().transform((value): SecretSource => ({ kind: 'plain', value })),
  z
    .strictObject({ env: z.string().min(1).optional(), file: z.string().min(1).optional() })
    .refine(({ env, file }) => (env === undefined) !== (file === undefined), 'needs either env or file')
    .transform(({ env, file }): SecretSource =>
      env === undefined ? { kind: 'file', path: file ?? '' } : { kind: 'env', name: env },
    ),
]);
