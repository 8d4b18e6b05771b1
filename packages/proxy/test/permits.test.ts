import { Permits } from '../src/plane/permits';

describe('permits of several processes', () => {
  let permits: Permits;

  beforeEach(() => {
    permits = new Permits();
  });

  it('are as many as there may be, whoever asks', async () => {
    const holders = [permits.holder(), permits.holder(), permits.holder()];
    const asked = Array.from({ length: 30 }, (_, i) => holders[i % 3]!.take('app', 7));
    expect((await Promise.all(asked)).filter((taken) => taken)).toHaveLength(7);
    expect(await holders[0]!.take('other', 1)).toBe(true);
  });

  it('are free again when they are given back, also in the turn of the question', async () => {
    const [one, other] = [permits.holder(), permits.holder()];
    expect(await one.take('app', 1)).toBe(true);
    const asked = other.take('app', 1);
    one.give('app');
    expect(await asked).toBe(true);
    expect(await one.take('app', 1)).toBe(false);
  });

  it('go with their process, and nothing that it said before counts afterwards', async () => {
    const [one, other] = [permits.holder(), permits.holder()];
    for (let i = 0; i < 3; i++) await one.take('app', 3);
    const late = one.take('app', 4);
    one.end();
    await late;
    one.give('app');
    expect(await one.take('app', 9)).toBe(false);
    const taken = await Promise.all([1, 2, 3, 4].map(() => other.take('app', 3)));
    expect(taken).toEqual([true, true, true, false]);
  });

  it('follow a limit that changes', async () => {
    const holder = permits.holder();
    for (let i = 0; i < 3; i++) await holder.take('app', 3);
    expect(await holder.take('app', 2)).toBe(false);
    expect(await holder.take('app', 4)).toBe(true);
    for (let i = 0; i < 4; i++) holder.give('app');
    expect(await holder.take('app', 1)).toBe(true);
  });
});
