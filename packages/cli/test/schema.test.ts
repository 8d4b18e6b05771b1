import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configJsonSchema } from '../src/config';

test('docs/myswitch.schema.json is what the schema in the code says', () => {
  const stored: unknown = JSON.parse(readFileSync(join(__dirname, '../../../docs/myswitch.schema.json'), 'utf8'));
  // npm run build && node -e "console.log(JSON.stringify(require('myswitch').configJsonSchema()))" > docs/myswitch.schema.json
  expect(stored).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
});
