import { counted } from '../counted';
import type { SwitchContext } from './context';
import { settle } from './settle';
import type { Step } from './step';

const STATEMENT_MS = 10_000;

/** Off the critical path: replication turns round. */
export const repoint: Step = {
  name: 'repoint',
  async run({ bench, operation, from, to, others, warnings, progress }) {
    const found = await settle({
      bench,
      operation,
      from: { options: from.options, node: from.aux.connection.usable ? from.aux : await reconnect(from.link) },
      to: { options: to.options, node: to.aux },
      others,
    });
    warnings.push(...found);
    progress.after = await to.aux.dialect.position(to.aux.connection, STATEMENT_MS);
    await bench.lock.take(to.link, STATEMENT_MS);
    await bench.journal.write({ operation: null });
    return found.length === 0 ? 'replication runs the other way round' : counted(found.length, 'warning');
  },
};

const reconnect = (link: SwitchContext['from']['link']) => link.connect(STATEMENT_MS).catch(() => null);
