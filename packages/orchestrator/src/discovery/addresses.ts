import { formatAddress, type Address } from '../link/address';

/** One text for the spellings of an address that differ in case only. */
export const keyOf = (address: Address): string => formatAddress(address).toLowerCase();

const isLoopback = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|::1)$/i.test(host);

/** A server that speaks of a loopback address means its own machine: that is where we reach it, at one of `reached`. */
export function seenFrom(told: Address, reached: readonly Address[]): Address {
  const [first] = reached;
  if (first === undefined || !isLoopback(told.host) || reached.some(({ host }) => isLoopback(host))) {
    return told;
  }
  return { host: first.host, port: told.port };
}

/** Numbers in names count as numbers: db2 before db10. */
const collator = new Intl.Collator('en', { numeric: true });

export const compareAddresses = (a: Address, b: Address): number =>
  collator.compare(a.host.toLowerCase(), b.host.toLowerCase()) || a.port - b.port;
