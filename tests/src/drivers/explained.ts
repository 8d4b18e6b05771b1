import type { Kind } from '@myswitch/testkit';
import { type Difference, leaves } from './job';

/** As `docs/compatibility.md` tells it. */
interface Told {
  readonly name: string;
  readonly why: string;
  /** Default: both. */
  readonly kind?: Kind;
}

/** A difference that stays. All of it has to fit. */
interface Explanation extends Told {
  readonly asked: RegExp;
  /** Default: whatever differs of the answer. */
  readonly leaf?: RegExp;
}

const UNSET_VARIABLE: Explanation = {
  name: 'type in the metadata of a user variable that was never set',
  why: 'on a shared connection somebody may have had one of that name: then it is NULL, with a type',
  asked: /@(gone|keep|number)\b/,
  leaf: /\.columns\.\d+\.\w+: /,
};

const DIFFERENCES: readonly Explanation[] = [
  UNSET_VARIABLE,
  {
    name: "SHOW STATUS LIKE 'Compression' says OFF",
    why: 'the compression that a client asks for is between it and MySwitch, so the server knows of none',
    asked: /SHOW STATUS LIKE 'Compression'/,
  },
  {
    name: 'mysqli: SQLSTATE HY000, not 28000, of a COM_CHANGE_USER that is refused',
    why: 'MySQL asks for the password once more in every COM_CHANGE_USER, which MySwitch need not; PHP’s mysqlnd takes the SQLSTATE of a refusal only after that',
    asked: /^changeUser/,
    leaf: /^\.error\.state: "28000" -> "HY000"$/,
    kind: 'mysql',
  },
];

/** Of a driver that logs in to MySwitch, and not straight to the server: it is compared with itself, without switches. */
const LOGIN: Told = {
  name: 'mysql (client) logs in',
  why: 'it has no mysql_native_password, which MariaDB’s accounts have; where MySwitch knows the password it is let in with the client’s own plugin',
  kind: 'mariadb',
};

export const EXPLAINED: readonly Told[] = [...DIFFERENCES, LOGIN];

/** Of a column that is a user variable and NULL, all that the C clients print but its name. */
const PRINTED_UNSET_VARIABLE = /^(Field +\d+: +`@\w+`\n)(?:(?!Field |\n)[^\n]+\n)*?Max_length: +0\n(?:[^\n]+\n)*/gm;

function withoutType(answer: unknown): unknown {
  const { ok } = answer as { ok?: unknown };
  return typeof ok === 'string' ? { ok: ok.replaceAll(PRINTED_UNSET_VARIABLE, '$1') } : answer;
}

/** The leaves that differ and ought not to. */
export function unexplained(kind: Kind, { asked, expected, actual }: Difference): string[] {
  const found = UNSET_VARIABLE.asked.test(asked)
    ? leaves(withoutType(expected), withoutType(actual))
    : leaves(expected, actual);
  const known = DIFFERENCES.filter((one) => one.asked.test(asked) && (one.kind ?? kind) === kind);
  return found.filter((leaf) => !known.some((one) => one.leaf?.test(leaf) ?? true));
}
