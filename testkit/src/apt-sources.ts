import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A package archive as apt's own configuration names it. */
export interface AptSource {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** Path of a keyring or an armoured key (deb822 form, folded lines kept); null: apt's trusted keys. */
  readonly signedBy: string | null;
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** sources.list(5), one-line style: `deb [ option=value … ] uri suite [component …]`. */
function parseOneLineStyle(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const line of text.split('\n')) {
    const found = /^\s*deb\s+(?:\[(?<options>[^\]]*)\]\s+)?(?<uri>\S+)\s+(?<suite>\S+)(?<components>[^#]*)/.exec(line);
    if (found?.groups === undefined) continue;
    const { options = '', uri = '', suite = '', components = '' } = found.groups;
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1] ?? null;
    sources.push({ uri, suites: [suite], components: words(components), signedBy });
  }
  return sources;
}

/** sources.list(5), deb822 style: stanzas of `Field: value`, folded with a leading space. */
function parseDeb822Style(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const stanza of text.split(/\n\s*\n/)) {
    const fields = new Map<string, string>();
    let name = '';
    for (const line of stanza.split('\n')) {
      if (line.startsWith('#')) continue;
      const field = /^([\w-]+):\s*(.*)$/.exec(line);
      if (field !== null) {
        name = (field[1] ?? '').toLowerCase();
        fields.set(name, field[2] ?? '');
      } else if (/^\s/.test(line) && name !== '') {
        fields.set(name, `${fields.get(name) ?? ''}\n${line}`);
      }
    }
    if (fields.get('enabled') === 'no' || !words(fields.get('types') ?? '').includes('deb')) continue;
    const suites = words(fields.get('suites') ?? '');
    const components = words(fields.get('components') ?? '');
    const signedBy = fields.get('signed-by') ?? null;
    for (const uri of words(fields.get('uris') ?? '')) sources.push({ uri, suites, components, signedBy });
  }
  return sources;
}

export function parseAptSources(fileName: string, text: string): AptSource[] {
  return fileName.endsWith('.sources') ? parseDeb822Style(text) : parseOneLineStyle(text);
}

/** Everything apt is configured to fetch from, in apt's own order. */
export function readAptSources(folder = '/etc/apt'): AptSource[] {
  const files = ['sources.list'];
  try {
    const parts = readdirSync(join(folder, 'sources.list.d')).filter((name) => /\.(list|sources)$/.test(name));
    files.push(...parts.sort().map((name) => join('sources.list.d', name)));
  } catch {
    // no parts folder
  }
  return files.flatMap((name) => {
    try {
      return parseAptSources(name, readFileSync(join(folder, name), 'utf8'));
    } catch {
      return [];
    }
  });
}

/**
 * The archive that the distribution itself comes from, not a third party's and not the one for security updates alone:
 * it holds the suite by its plain name and has the component `main`.
 */
export function distributionSource(sources: readonly AptSource[], suites: readonly string[]): AptSource | null {
  const remote = sources.filter((source) => /^(https?|mirror\+?\w*|tor\+https?):/.test(source.uri));
  const ofSuite = remote.filter((source) => source.suites.some((suite) => suites.includes(suite)));
  const main = ofSuite.find((source) => source.components.includes('main'));
  if (main === undefined) return null;
  // One-line style often has a line for each group of components.
  const components = ofSuite.filter((source) => source.uri === main.uri).flatMap((source) => source.components);
  return { ...main, components: [...new Set(components)] };
}
