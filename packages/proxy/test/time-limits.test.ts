import type { Socket } from 'node:net';
import type { NodeBaseline } from '../src/backend/node-baseline';
import { ClientWatch } from '../src/session/client-watch';
import { SessionContext } from '../src/session/context';
import { backendRestMs, inactivity, networkMs, waitMs } from '../src/session/time-limits';

const baseline = (serverVersion = '9.7.4'): NodeBaseline =>
  ({
    serverVersion,
    waitTimeout: '28800',
    fresh: new Map([['net_write_timeout', '60']]),
  }) as unknown as NodeBaseline;
const context = (variables: Record<string, string> = {}): SessionContext =>
  new SessionContext(null, new Map(Object.entries(variables)), new Map());

describe('a watched client', () => {
  const socket = { bytesRead: 0, bytesWritten: 0, writableLength: 0 };
  let watch: ClientWatch;
  let now = 0;
  const looks = (seconds: number, resting = true): number[] =>
    Array.from({ length: seconds }, () => watch.restedMs((now += 1000), resting));
  const stalls = (seconds: number): number[] => Array.from({ length: seconds }, () => watch.stalledMs((now += 1000)));

  beforeEach(() => {
    Object.assign(socket, { bytesRead: 100, bytesWritten: 0, writableLength: 0 });
    watch = new ClientWatch(socket as unknown as Socket);
    now = 0;
  });

  it('rests from the first look that finds it so until something comes', () => {
    expect(looks(3)).toEqual([0, 1000, 2000]);
    socket.bytesRead = 101;
    expect(looks(2)).toEqual([0, 1000]);
  });

  it('does not rest while a command runs, nor before it was found at rest', () => {
    expect(looks(3, false)).toEqual([0, 0, 0]);
    expect(looks(2)).toEqual([0, 1000]);
  });

  it('stalls while it takes nothing of what there is', () => {
    expect(stalls(3)).toEqual([0, 0, 0]);
    Object.assign(socket, { bytesWritten: 5000, writableLength: 3000 });
    expect(stalls(3)).toEqual([0, 1000, 2000]);
    socket.writableLength = 2000;
    expect(stalls(3)).toEqual([0, 1000, 2000]);
    Object.assign(socket, { bytesWritten: 9000, writableLength: 6000 }); // more to take is no progress by itself
    expect(stalls(2)).toEqual([3000, 4000]);
    socket.writableLength = 0;
    expect(stalls(2)).toEqual([0, 0]);
  });
});

describe('limits of a session', () => {
  it('are its own, else the server’s', () => {
    expect(waitMs(context(), baseline())).toBe(28_800_000);
    expect(waitMs(context({ wait_timeout: '5' }), baseline())).toBe(5000);
    expect(networkMs(context(), baseline(), 'net_write_timeout')).toBe(60_000);
    expect(networkMs(context({ net_write_timeout: '2' }), baseline(), 'net_write_timeout')).toBe(2000);
    expect(networkMs(context(), { ...baseline(), fresh: new Map() }, 'net_write_timeout')).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  it('end a backend that rests before its server does', () => {
    expect(backendRestMs(context(), baseline())).toBe(28_798_000);
    expect(backendRestMs(context({ wait_timeout: '1' }), baseline())).toBe(500);
  });

  it.each([
    ['9.7.4', 4031, 1159],
    ['8.0.24-log', 4031, 1159],
    ['8.0.23', null, null],
    ['5.7.44', null, null],
    ['5.5.5-10.11.19-MariaDB', null, null],
    ['11.8.2-MariaDB', null, null],
  ])('are told by %s as %s, in a command as %s', (version, between, within) => {
    expect(inactivity(baseline(version), false)?.code ?? null).toBe(between);
    expect(inactivity(baseline(version), true)?.code ?? null).toBe(within);
  });
});
