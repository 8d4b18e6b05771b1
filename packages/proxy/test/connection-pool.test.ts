import { ReplyTracker } from '@myswitch/protocol';
import { Account } from '../src/accounts/account';
import { RefusedAccounts } from '../src/accounts/refused-accounts';
import { BackendState } from '../src/backend/backend';
import type { Backend } from '../src/backend/backend';
import type { ReplyReceiver } from '../src/backend/reply';
import { COMMON_VARIANT } from '../src/capabilities';
import { ConnectionPool } from '../src/pool/connection-pool';
import { Node } from '../src/pool/node';
import { FakeClock } from './fake-clock';

test('a backend that may not be asked for its LAST_INSERT_ID() is closed: nobody would ever have it again', async () => {
  const node = new Node({ name: 'db1', host: '127.0.0.1', port: 1, tls: null, proxyProtocol: false });
  const account = Account.configured({ name: 'app', password: 'secret' });
  const limits = { min: 0, max: 1, waitMs: 1000 };
  const pool = new ConnectionPool(node, account, limits, new FakeClock(), () => undefined, new RefusedAccounts());
  const refuse = (receiver: ReplyReceiver): void => {
    const tracker = new ReplyTracker(0);
    Object.defineProperty(tracker, 'payload', { value: Buffer.from('\u00ff\u0025\u0005#70100interrupted', 'latin1') });
    receiver.err(tracker, 0);
    receiver.complete(tracker);
  };
  const backend = {
    state: BackendState.HELD,
    generation: 0,
    variant: COMMON_VARIANT,
    lastInsertId: null,
    lastHolder: { closed: false, insertIdPending: null },
    has: () => false,
    expect: (_grammar: unknown, receiver: ReplyReceiver) => refuse(receiver),
    send: () => undefined,
    destroy: jest.fn(),
  };
  pool.give(backend as unknown as Backend);
  await pool.readInsertIds();
  expect(backend.destroy).toHaveBeenCalledTimes(1);
});
