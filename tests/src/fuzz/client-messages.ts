import { Capability, ColumnType, Command } from '@myswitch/protocol';
import { count, type Message, plain, short, sized, text, u16, u32, u8 } from './message';
import type { Random } from './random';
import { randomSql } from './sql';

const PLUGINS = [
  'mysql_native_password',
  'caching_sha2_password',
  'sha256_password',
  'client_ed25519',
  'mysql_clear_password',
  'mysql_old_password',
  '',
];
const TYPES = Object.values(ColumnType);

const has = (capabilities: number, bit: number): boolean => (capabilities & bit) !== 0;

export function randomPlugin(random: Random): string {
  return random.pick(PLUGINS);
}

/** Any, but of the 4.1 protocol. */
export function randomCapabilities(random: Random): number {
  return (random.u32() | Capability.PROTOCOL_41) >>> 0;
}

function attributes(random: Random): Message {
  const names = Array.from({ length: random.below(6) }, (_, i) => `_name${i}`);
  return [sized(names.flatMap((name) => [sized(name), sized(random.bytes(random.length()))]))];
}

/** A HandshakeResponse41. */
export function handshakeResponse(
  random: Random,
  { capabilities, user, response }: { capabilities: number; user: string; response: Buffer },
): Message {
  const lenenc = has(capabilities, Capability.PLUGIN_AUTH_LENENC);
  const secure = has(capabilities, Capability.SECURE_CONNECTION);
  return [
    u32(capabilities),
    u32(random.pick([0, 1, 1 << 24, 0xffffffff])),
    u8(random.pick([0, 8, 33, 45, 255])),
    plain(Buffer.alloc(19)),
    u32(has(capabilities, Capability.LONG_PASSWORD) ? 0 : random.u32()),
    text(user),
    lenenc ? sized(response) : secure ? short(response) : text(response.toString('hex')),
    ...(has(capabilities, Capability.CONNECT_WITH_DB)
      ? [text(random.pick(['', 'shop', 'none', 'x'.repeat(300)]))]
      : []),
    ...(has(capabilities, Capability.PLUGIN_AUTH) ? [text(randomPlugin(random))] : []),
    ...(has(capabilities, Capability.CONNECT_ATTRS) ? attributes(random) : []),
  ];
}

export function changeUser(random: Random, capabilities: number, user: string): Message {
  const response = random.bytes(random.pick([0, 20, 32, 64]));
  const head = [
    u8(Command.CHANGE_USER),
    text(user),
    has(capabilities, Capability.SECURE_CONNECTION) ? short(response) : text(response.toString('hex')),
    text(random.pick(['', 'shop', 'none'])),
  ];
  if (random.once(5)) return head;
  return [
    ...head,
    u16(random.pick([8, 33, 45, 255, 0xffff])),
    ...(has(capabilities, Capability.PLUGIN_AUTH) ? [text(randomPlugin(random))] : []),
    ...(has(capabilities, Capability.CONNECT_ATTRS) ? attributes(random) : []),
  ];
}

interface Parameter {
  readonly type: number;
  readonly value: Message;
}

/** Bytes of values that have no length. */
const WIDTHS: Readonly<Record<number, number>> = {
  [ColumnType.NULL]: 0,
  [ColumnType.TINY]: 1,
  [ColumnType.SHORT]: 2,
  [ColumnType.YEAR]: 2,
  [ColumnType.LONG]: 4,
  [ColumnType.INT24]: 4,
  [ColumnType.FLOAT]: 4,
  [ColumnType.LONGLONG]: 8,
  [ColumnType.DOUBLE]: 8,
};
const TEMPORAL: ReadonlySet<number> = new Set([
  ColumnType.DATE,
  ColumnType.DATETIME,
  ColumnType.TIMESTAMP,
  ColumnType.TIME,
]);

function parameter(random: Random): Parameter {
  const type: number = random.pick(TYPES);
  const width = WIDTHS[type];
  if (width !== undefined) return { type, value: [plain(random.bytes(width))] };
  if (TEMPORAL.has(type)) return { type, value: [short(random.bytes(random.pick([0, 4, 7, 8, 11, 12])))] };
  return { type, value: [sized(random.bytes(random.length()))] };
}

function bound(parameters: readonly Parameter[], named: boolean): Message {
  const types = parameters.flatMap(({ type }, i) => [u16(type), ...(named ? [sized(`p${i}`)] : [])]);
  return [u8(1), ...types, ...parameters.flatMap(({ value }) => value)];
}

const nulls = (parameters: number): Message => [plain(Buffer.alloc((parameters + 7) >> 3))];

/** `attributes`: with CLIENT_QUERY_ATTRIBUTES. */
export function query(random: Random, sql: string, withAttributes: boolean): Message {
  const end = plain(Buffer.from(sql, 'latin1'));
  if (!withAttributes) return [u8(Command.QUERY), end];
  const parameters = Array.from({ length: random.once(2) ? 0 : random.below(20) }, () => parameter(random));
  const body = parameters.length === 0 ? [] : [...nulls(parameters.length), ...bound(parameters, true)];
  return [u8(Command.QUERY), count(parameters.length), count(1), ...body, end];
}

export function execute(random: Random, id: number, paramCount: number, withAttributes: boolean): Message {
  const extra = withAttributes && random.once(3) ? random.below(4) : 0;
  const total = paramCount + extra;
  const parameters = Array.from({ length: total }, () => parameter(random));
  const flags = random.pick([0, 0, 0, 1, 2, 4, 7]) | (withAttributes ? 8 : 0);
  return [
    u8(Command.STMT_EXECUTE),
    u32(id),
    u8(flags),
    u32(1),
    ...(withAttributes ? [count(total)] : []),
    ...(total === 0 ? [] : [...nulls(total), ...bound(parameters, withAttributes)]),
  ];
}

export function bulkExecute(random: Random, id: number, paramCount: number): Message {
  const parameters = Array.from({ length: paramCount }, () => parameter(random));
  const row = (): Message => parameters.flatMap(({ value }) => [u8(random.pick([0, 0, 1, 2, 3])), ...value]);
  return [
    u8(Command.STMT_BULK_EXECUTE),
    u32(id),
    u16(random.pick([0x80, 0xc0, 0x00])),
    ...parameters.map(({ type }) => u16(type)),
    ...Array.from({ length: random.below(5) }, row).flat(),
  ];
}

/** Any command, in or out of place; ids of statements are mostly unknown. `user`: for COM_CHANGE_USER. */
export function command(random: Random, capabilities: number, user: string): Message {
  const id = random.pick([1, 1, 2, 3, 0, random.below(50), 0xffffffff, random.u32()]);
  const withAttributes = has(capabilities, Capability.QUERY_ATTRIBUTES);
  switch (random.below(19)) {
    case 0:
      return changeUser(random, capabilities, user);
    case 1:
    case 2:
      return execute(random, id, random.below(4), withAttributes);
    case 3:
      return bulkExecute(random, id, random.below(4));
    case 4:
      return [u8(Command.STMT_SEND_LONG_DATA), u32(id), u16(random.below(4)), plain(random.bytes(random.length()))];
    case 5:
      return [u8(Command.STMT_CLOSE), u32(id)];
    case 6:
      return [u8(Command.STMT_RESET), u32(id)];
    case 7:
      return [u8(Command.STMT_FETCH), u32(id), u32(random.pick([0, 1, 10, 0xffffffff]))];
    case 8:
      return [u8(Command.STMT_PREPARE), plain(Buffer.from(randomSql(random), 'latin1'))];
    case 9:
      return [u8(Command.INIT_DB), plain(Buffer.from(random.pick(['shop', 'none', '', '`'])))];
    case 10:
      return [u8(Command.FIELD_LIST), text(random.pick(['t', 'none', ''])), plain(Buffer.from('%'))];
    case 11:
      return [u8(Command.SET_OPTION), u16(random.pick([0, 1, 2, 0xffff]))];
    case 12:
      return [u8(random.pick([Command.PING, Command.STATISTICS, Command.RESET_CONNECTION, Command.DEBUG]))];
    case 13:
      // far above any id that a server has given
      return [u8(Command.PROCESS_KILL), plain(Buffer.of(random.u32() & 0xff, 0xff, 0xff, 0x7f))];
    case 14:
      return [
        u8(Command.BINLOG_DUMP),
        u32(4),
        u16(random.below(4)),
        u32(random.u32()),
        plain(random.bytes(random.below(20))),
      ];
    case 15:
      return [u8(random.below(256)), plain(random.bytes(random.length()))];
    default:
      return query(random, randomSql(random), withAttributes);
  }
}
