import { DataPlane } from '../src/plane/data-plane';
import type { CallName, Calls, Carrier } from '../src/plane/messages';

/** Notes what it is told. */
class Notes implements Carrier {
  readonly calls: CallName[] = [];

  call<N extends CallName>(name: N, ..._args: Calls[N]['args']): Promise<Calls[N]['answer']> {
    this.calls.push(name);
    return Promise.resolve((name === 'release' ? { waitsMs: [] } : undefined) as Calls[N]['answer']);
  }
}

describe('DataPlane', () => {
  let plane: DataPlane;

  beforeEach(async () => {
    plane = new DataPlane(() => undefined);
    await plane.add(new Notes());
    await plane.activate('shop', { node: 'db1', epoch: 1 });
    await plane.hold('shop');
  });

  async function added(): Promise<readonly CallName[]> {
    const carrier = new Notes();
    await plane.add(carrier);
    return carrier.calls;
  }

  test('a process that starts during a hold holds too', async () => {
    expect(await added()).toEqual(['activate', 'hold']);
  });

  test('also when nobody is active: a switch has failed', async () => {
    await plane.activate('shop', null);
    expect(await added()).toEqual(['activate', 'hold']);
  });

  test('a node that was cut off is so for a process that starts later, until it is named again', async () => {
    await plane.cut('shop', 'db1');
    expect(await added()).toEqual(['activate', 'cut', 'hold']);
    await plane.release('shop', { node: 'db2', epoch: 2 });
    expect(await added()).toEqual(['activate', 'cut']);
    await plane.warm('shop', 'db1', 1000);
    expect(await added()).toEqual(['activate']);
  });

  test('a hold that ended by itself is over once somebody is active again', async () => {
    await plane.activate('shop', null);
    await plane.activate('shop', { node: 'db1', epoch: 1 });
    expect(await added()).toEqual(['activate']);
  });
});
