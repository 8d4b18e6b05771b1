import { z } from 'zod';
import type { ConfigProblem } from './problems';
import { configSchema, type ConfigFile } from './schema';
import type { ConfigPath, ConfigSource } from './source';
import { nearest } from './suggest';

type Issue = z.core.$ZodIssue;
type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Checks shapes and types. Either the configuration with its defaults, or everything that is wrong with it. */
export function validate(source: ConfigSource): { config: ConfigFile } | { problems: ConfigProblem[] } {
  let value: unknown;
  try {
    value = source.toValue();
  } catch {
    return { problems: [{ file: source.file, line: 1, message: 'its aliases unfold to too much' }] };
  }
  const result = configSchema.safeParse(value);
  if (result.success) return { config: result.data };
  const problems = result.error.issues
    .flatMap((issue) => flatten(issue))
    .flatMap((issue) => tell(issue, source, value));
  return { problems };
}

/** A union fails once for each of its branches; only the branch that the author had in mind is of interest. */
function flatten(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const meant = issue.errors.find(
    (branch) => !branch.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  if (meant === undefined) return [issue];
  return meant.flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] }));
}

function tell(issue: Issue, source: ConfigSource, root: unknown): ConfigProblem[] {
  const { file } = source;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      file,
      line: source.lineOf([...issue.path, key]),
      message: unknownKey(issue.path, key),
    }));
  }
  return [
    {
      file,
      line: source.lineOf(issue.path),
      message: `${spell(issue.path)}: ${complaint(issue, valueAt(root, issue.path))}`,
    },
  ];
}

function unknownKey(path: ConfigPath, key: string): string {
  const known = knownKeys(path);
  const near = nearest(key, known);
  const where = path.length === 0 ? '' : ` in ${spell(path)}`;
  const advice = near === null ? `known keys: ${known.join(', ')}` : `did you mean "${near}"?`;
  return `unknown key "${key}"${where}; ${advice}`;
}

function complaint(issue: Issue, value: unknown): string {
  const got = show(value, issue.path);
  if (value === undefined) return 'is missing';
  if (issue.code === 'invalid_type') {
    if (issue.message.startsWith('expected ')) return `${issue.message}, found ${got}`;
    return `expected ${issue.expected === 'object' ? 'a mapping' : article(issue.expected)}, found ${got}`;
  }
  if (issue.code === 'invalid_union') {
    const expected =
      issue.path.at(-1) === 'password' ? 'a string, { env: NAME } or { file: PATH }' : 'a string or a list';
    return `expected ${expected}, found ${got}`;
  }
  if (issue.code === 'invalid_value') {
    return `expected ${issue.values.map((each) => `"${String(each)}"`).join(' or ')}, found ${got}`;
  }
  if (issue.code === 'too_small' && issue.origin !== 'array')
    return `${got} is below the least value, ${issue.minimum}`;
  if (issue.code === 'too_big') return `${got} is above the greatest value, ${issue.maximum}`;
  return issue.code === 'too_small' ? issue.message : `${got} ${issue.message}`;
}

/** Values are shown, except where they may be a secret. */
function show(value: unknown, path: ConfigPath): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (path.includes('password')) return article(typeof value);
  return JSON.stringify(value);
}

function article(word: string): string {
  return word === 'array' ? 'a list' : /^[aeiou]/.test(word) ? `an ${word}` : `a ${word}`;
}

/** `pools[0].hold.max` */
export function spell(path: ConfigPath): string {
  if (path.length === 0) return 'the file';
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`))
    .join('');
}

function valueAt(root: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>((value, step) => (isRecord(value) ? value[step] : undefined), root);
}

function isRecord(value: unknown): value is Readonly<Record<PropertyKey, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** The keys that the schema allows at `path`. */
function knownKeys(path: ConfigPath): string[] {
  let schemas: JsonSchema[] = [z.toJSONSchema(configSchema, { io: 'input' })];
  for (const step of path) {
    schemas = schemas.flatMap(branches).flatMap((schema) => child(schema, step));
  }
  return schemas.flatMap(branches).flatMap((schema) => Object.keys(schema.properties ?? {}));
}

function branches(schema: JsonSchema): JsonSchema[] {
  return schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(branches);
}

function child(schema: JsonSchema, step: PropertyKey): JsonSchema[] {
  const next = typeof step === 'number' ? schema.items : schema.properties?.[String(step)];
  return typeof next === 'object' && !Array.isArray(next) ? [next] : [];
}
