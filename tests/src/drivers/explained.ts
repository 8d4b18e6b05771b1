import type { Kind } from '@myswitch/testkit';
import { type Difference, leaves } from './job';

interface Explanation {
  readonly why: string;
  readonly asked: RegExp;
  /** Default: the whole answer may differ. */
  readonly leaf?: RegExp;
  readonly kind?: Kind;
}

const NULL_VARIABLE: Explanation = {
  why: 'a user variable that was set to NULL keeps a type, one that was never set has another; on a shared connection MySwitch can only set it to NULL',
  asked: /@(gone|keep|number)\b/,
  leaf: /\.columns\.\d+\.\w+: /,
};

/** What is different through MySwitch, and why. */
const EXPLANATIONS: readonly Explanation[] = [
  NULL_VARIABLE,
  {
    why: 'compression is between client and MySwitch, so the status that the server shows is that of a connection without it',
    asked: /SHOW STATUS LIKE 'Compression'/,
  },
  {
    why: 'MySQL switches the plugin in every COM_CHANGE_USER, which MySwitch need not; mysqlnd takes the SQLSTATE of a refusal only after that',
    asked: /^changeUser/,
    leaf: /^\.error\.state: "28000" -> "HY000"$/,
    kind: 'mysql',
  },
];

/** Of a column that is a user variable and NULL, all that the C clients print but its name. */
const PRINTED_NULL_VARIABLE = /^(Field +\d+: +`@\w+`\n)(?:(?!Field |\n)[^\n]+\n)*?Max_length: +0\n(?:[^\n]+\n)*/gm;

const withoutType = (value: unknown): unknown => {
  const { ok } = value as { ok?: unknown };
  return typeof ok === 'string' ? { ok: ok.replaceAll(PRINTED_NULL_VARIABLE, '$1') } : value;
};

/** A difference, as far as it matters. */
export interface Explained {
  readonly step: string;
  readonly asked: string;
  readonly unexplained: readonly string[];
  readonly reasons: readonly string[];
}

export function explain(kind: Kind, { step, asked, expected, actual }: Difference): Explained {
  const variables = NULL_VARIABLE.asked.test(asked);
  const found = variables ? leaves(withoutType(expected), withoutType(actual)) : leaves(expected, actual);
  const reasons = new Set<string>();
  if (variables && found.length === 0) reasons.add(NULL_VARIABLE.why);
  const unexplained = found.filter((one) => {
    const explanation = EXPLANATIONS.find(
      (candidate) =>
        candidate.asked.test(asked) &&
        (candidate.leaf?.test(one) ?? true) &&
        (candidate.kind === undefined || candidate.kind === kind),
    );
    if (explanation !== undefined) reasons.add(explanation.why);
    return explanation === undefined;
  });
  return { step, asked, unexplained, reasons: [...reasons] };
}
