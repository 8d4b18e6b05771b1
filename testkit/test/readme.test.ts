import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { grants } from '../src/grants';
import { KINDS } from '../src/provision';

const README = readFileSync(join(__dirname, '../../README.md'), 'utf8');

/** The statements of the SQL block that follows `<!-- grants: KIND -->`. */
function quoted(kind: string): string[] {
  const block = new RegExp(`<!-- grants: ${kind} -->\\n\\n\`\`\`sql\\n([^\`]*)\`\`\``).exec(README)?.[1] ?? '';
  return block.split('\n').filter((line) => line !== '');
}

/** Privileges of a GRANT ON *.* statement. */
function privileges(statement: string | undefined): string[] {
  return (/^GRANT (.*) ON \*\.\* /.exec(statement ?? '')?.[1] ?? '').split(', ');
}

describe.each(KINDS)('the GRANTs of the README for %s', (kind) => {
  test('are those that the test servers get', () => {
    expect(quoted(kind)).toEqual(grants(kind).map((statement) => `${statement};`));
  });

  test('name what events need on top', () => {
    const without = privileges(grants(kind)[0]);
    const more = privileges(grants(kind, { events: true })[0]).filter((privilege) => !without.includes(privilege));
    expect(more).toHaveLength(1);
    expect(README).toContain(`\`GRANT ${more[0]} ON *.* TO 'myswitch'@'%'\``);
  });
});
