/*
 * Addresses as text and as bytes: 4 of IPv4, 16 of IPv6. The text of IPv6 is that of RFC 5952, which operating systems and servers
 * write too; an IPv4 client of a dual-stack socket is an IPv4 address.
 */

const MAPPED = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);

/** Null when the text is no address: no names, zones, leading zeros or other spellings that are read in two ways. */
export function parseIpAddress(text: string): Buffer | null {
  const bytes = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  return bytes === null ? null : unmapped(bytes);
}

export function formatIpAddress(address: Buffer): string {
  const bytes = unmapped(address);
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2));
  const { start, length } = longestZeros(groups);
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  return length < 2 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/** ::ffff:a.b.c.d is a.b.c.d. */
function unmapped(bytes: Buffer): Buffer {
  return bytes.length === 16 && bytes.subarray(0, 12).equals(MAPPED) ? bytes.subarray(12) : bytes;
}

function parseIpv4(text: string): Buffer | null {
  const parts = text.split('.');
  const fits = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return fits ? Buffer.from(parts.map(Number)) : null;
}

function parseIpv6(text: string): Buffer | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half, index) => groupsOf(half, index === halves.length - 1));
  if (head === undefined || head === null || tail === null) return null;
  const given = head.length + (tail?.length ?? 0);
  // `::` stands for one group at least
  if (tail === undefined ? given !== 8 : given > 7) return null;
  const groups = [...head, ...Array.from({ length: 8 - given }, () => 0), ...(tail ?? [])];
  const bytes = Buffer.alloc(16);
  for (const [index, group] of groups.entries()) bytes.writeUInt16BE(group, index * 2);
  return bytes;
}

/** `last`: it may end in an IPv4 address. */
function groupsOf(half: string, last: boolean): number[] | null {
  if (half === '') return [];
  const parts = half.split(':');
  const ipv4 = last && parts.at(-1)?.includes('.') === true ? parseIpv4(parts.pop() ?? '') : undefined;
  if (ipv4 === null || !parts.every((part) => /^[0-9A-Fa-f]{1,4}$/.test(part))) return null;
  const groups = parts.map((part) => Number.parseInt(part, 16));
  return ipv4 === undefined ? groups : [...groups, ipv4.readUInt16BE(0), ipv4.readUInt16BE(2)];
}

/** The first of the longest runs. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}
