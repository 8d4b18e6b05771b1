import { execFileSync } from 'node:child_process';
import type { ServerNetwork } from '@myswitch/testkit';

/** Of names: `myswitch-PID-db1` is a namespace, `mswPID` a bridge, `mswPID-1` our end of a cable. */
const NAMESPACE = 'myswitch-';
const LINK = 'msw';
/** Addresses for tests of networks, which nobody routes: RFC 2544. */
const SUBNETS = Array.from({ length: 512 }, (_, index) => `198.${18 + (index >> 8)}.${index & 255}`);
/** Nobody's, so what is sent there arrives nowhere. */
const NOBODY = '02:00:00:00:00:fe';

/** Where MySwitch and the tests are: outside of the namespaces. */
export const OUTSIDE = 'MySwitch';

const ip = (...args: readonly string[]): string => execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' });
const tc = (...args: readonly string[]): string => execFileSync('tc', args, { encoding: 'utf8', stdio: 'pipe' });

/** Null when it can be had; else why not. */
function whyNone(): string | null {
  const probe = `${NAMESPACE}${process.pid}-probe`;
  try {
    ip('netns', 'add', probe);
    ip('-n', probe, 'link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'other');
    ip('netns', 'del', probe);
    return null;
  } catch (error) {
    return `no network namespaces: ${(error as Error).message.trim().split('\n').at(-1)}`;
  }
}

let reason: string | null | undefined;

/** Why this machine has no namespaces for us (not root, forbidden, no `ip`); null when it has. */
export function whyNoNamespaces(): string | null {
  return (reason ??= whyNone());
}

/** What a process left that was killed. */
function sweep(): void {
  const left = (pid: string | undefined): boolean => pid !== undefined && !isAlive(Number(pid));
  for (const [name] of ip('netns', 'list').matchAll(/^myswitch-\d+-\S+/gm)) {
    if (left(/\d+/.exec(name)?.[0])) ip('netns', 'del', name);
  }
  for (const [, name, pid] of ip('-o', 'link', 'show').matchAll(/^\d+: (msw(\d+)[^:@]*)/gm)) {
    if (left(pid)) quietly('link', 'del', name!);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** It may have gone with something else. */
function quietly(...args: readonly string[]): void {
  try {
    ip(...args);
  } catch {
    // gone
  }
}

interface Place {
  readonly namespace: string;
  /** Our end of its cable. */
  readonly cable: string;
  readonly address: string;
}

/**
 * A switch with cables. Each server is in a network namespace of its own, and reaches the others and MySwitch, which is
 * outside of them all, over one cable:
 *
 *     MySwitch .1 — bridge ─┬─ db1 .11
 *                           ├─ db2 .12
 *                           └─ db3 .13
 *
 * A fault is silent: packets vanish, no connection is closed, nobody is told that an address is gone. Tests speak to the
 * servers over Unix sockets, which no fault reaches. Nothing here leads out of the machine.
 */
export class Network {
  readonly #bridge = `${LINK}${process.pid}`;
  readonly #subnet: string;
  readonly #places = new Map<string, Place>();

  private constructor(subnet: string) {
    this.#subnet = subnet;
  }

  static create(): Network {
    sweep();
    const used = ip('-o', '-4', 'address', 'show');
    const first = process.pid % SUBNETS.length;
    const subnet = [...SUBNETS.slice(first), ...SUBNETS].find((each) => !used.includes(` ${each}.`));
    if (subnet === undefined) throw new Error('every subnet is used');
    const network = new Network(subnet);
    ip('link', 'add', network.#bridge, 'type', 'bridge');
    ip('address', 'add', `${network.#address(0)}/24`, 'dev', network.#bridge);
    ip('link', 'set', network.#bridge, 'up');
    return network;
  }

  /** A place for a server. */
  place(name: string): ServerNetwork {
    const number = this.#places.size + 1;
    const namespace = `${NAMESPACE}${process.pid}-${name}`;
    const cable = `${this.#bridge}-${number}`;
    const address = this.#address(number);
    ip('netns', 'add', namespace);
    ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    ip('link', 'set', cable, 'master', this.#bridge, 'up');
    ip('-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0');
    for (const device of ['lo', 'eth0']) ip('-n', namespace, 'link', 'set', device, 'up');
    this.#places.set(name, { namespace, cable, address });
    return { enter: ['ip', 'netns', 'exec', namespace], host: address };
  }

  #address(number: number): string {
    return `${this.#subnet}.${number === 0 ? 1 : 10 + number}`;
  }

  /** Nothing comes from it or goes to it. */
  unplug(name: string): void {
    ip('link', 'set', this.#of(name).cable, 'down');
  }

  plug(name: string): void {
    ip('link', 'set', this.#of(name).cable, 'up');
  }

  /** What `from` sends to `to` does not arrive; the other direction passes. */
  lose(from: string, to: string): void {
    this.#neighbour('replace', from, to, 'lladdr', NOBODY, 'nud', 'permanent');
  }

  /** Neither hears the other. */
  cut(one: string, other: string): void {
    this.lose(one, other);
    this.lose(other, one);
  }

  /** The end of `lose` and `cut`. */
  mend(one: string, other: string): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      try {
        this.#neighbour('del', from, to);
      } catch {
        // only one direction was lost
      }
    }
  }

  /** Who an address is, to whoever sends to it: with a hardware address that is nobody's the packets go astray. */
  #neighbour(verb: 'replace' | 'del', from: string, to: string, ...how: readonly string[]): void {
    const where = from === OUTSIDE ? [] : ['-n', this.#of(from).namespace];
    const address = to === OUTSIDE ? this.#address(0) : this.#of(to).address;
    const device = from === OUTSIDE ? this.#bridge : 'eth0';
    ip(...where, 'neighbour', verb, address, ...how, 'dev', device);
  }

  /** All that goes to it and comes from it passes through a pipe: more than `rate` waits, for up to `latencyMs`, and then is lost. */
  narrow(name: string, rate: string, latencyMs: number): void {
    const tbf = ['tbf', 'rate', rate, 'burst', '2kb', 'latency', `${latencyMs}ms`];
    for (const [device, where] of this.#ends(name)) tc(...where, 'qdisc', 'replace', 'dev', device, 'root', ...tbf);
  }

  /** The end of `narrow`. Returns how many packets were lost. */
  widen(name: string): number {
    const lost = this.#ends(name).map(([device, where]) => {
      const [, dropped] = /dropped (\d+)/.exec(tc(...where, '-s', 'qdisc', 'show', 'dev', device, 'root')) ?? [];
      tc(...where, 'qdisc', 'del', 'dev', device, 'root');
      return Number(dropped);
    });
    return lost.reduce((sum, each) => sum + each, 0);
  }

  /** Of its cable: each a device, and the options by which `ip` and `tc` find it. */
  #ends(name: string): readonly (readonly [device: string, where: readonly string[]])[] {
    const { namespace, cable } = this.#of(name);
    return [
      [cable, []],
      ['eth0', ['-n', namespace]],
    ];
  }

  /** Once the servers have ended. */
  remove(): void {
    for (const { namespace, cable } of this.#places.values()) {
      quietly('link', 'del', cable);
      quietly('netns', 'del', namespace);
    }
    this.#places.clear();
    quietly('link', 'del', this.#bridge);
  }

  #of(name: string): Place {
    const place = this.#places.get(name);
    if (place === undefined) throw new RangeError(`nobody is at ${name}`);
    return place;
  }
}
