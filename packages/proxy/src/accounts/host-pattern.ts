/** Where a client comes from, as rows are compared with it: no names, since nobody is asked for them. */
export interface ClientHost {
  /** Text of the IP address; null: a Unix-domain socket, which servers call localhost. */
  readonly address: string | null;
}

const MASK = /^(\d+\.\d+\.\d+\.\d+)\/(?:(\d+)|(\d+\.\d+\.\d+\.\d+))$/;

/** The host part of an account's name (manual: Specifying Account Names). */
export class HostPattern {
  readonly text: string;
  /** null: no network in the notation of `kind`. */
  readonly network: { readonly base: number; readonly mask: number; readonly notation: 'cidr' | 'netmask' } | null;
  readonly #tokens: readonly string[];

  /** `cidr`: a.b.c.d/n is a network too, as in MySQL; to MariaDB it is a name. */
  constructor(text: string, cidr: boolean) {
    this.text = text;
    this.#tokens = (text === '' ? '%' : text).toLowerCase().match(/\\[^]|[^]/g) ?? [];
    this.network = networkOf(text, cidr);
  }

  matches({ address }: ClientHost): boolean {
    if (address === null) return this.network === null && isLike(this.#tokens, 'localhost');
    if (this.network === null) return isLike(this.#tokens, address.toLowerCase());
    const ip = parseAddress(address);
    return ip !== null && (ip & this.network.mask) >>> 0 === this.network.base;
  }
}

function networkOf(text: string, cidr: boolean): HostPattern['network'] {
  const [, address = '', bits, netmask] = MASK.exec(text) ?? [];
  const base = parseAddress(address);
  if (base === null || (bits !== undefined && (!cidr || Number(bits) > 32))) return null;
  const mask = netmask === undefined ? (-1 << (32 - Number(bits))) >>> 0 : parseAddress(netmask);
  if (mask === null || mask === 0 || bits === '0') return null;
  return { base, mask, notation: bits === undefined ? 'netmask' : 'cidr' };
}

function parseAddress(text: string): number | null {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return null;
  return parts.reduce((value, part) => value * 256 + part, 0);
}

/** `tokens`: characters, those of two with a backslash before them. Only the last `%` is ever come back to. */
function isLike(tokens: readonly string[], text: string): boolean {
  let [token, at] = [0, 0];
  let retry: { readonly token: number; at: number } | null = null;
  for (;;) {
    const wanted = tokens[token];
    if (wanted === '%') {
      retry = { token: ++token, at };
    } else if (at < text.length && wanted !== undefined && (wanted === '_' || wanted.at(-1) === text[at])) {
      token++;
      at++;
    } else if (at === text.length && wanted === undefined) {
      return true;
    } else {
      if (retry === null || retry.at >= text.length) return false;
      [token, at] = [retry.token, ++retry.at];
    }
  }
}
