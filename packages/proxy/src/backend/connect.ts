import type { Socket } from 'node:net';
import {
  BackendLogin,
  encodePacket,
  encodeProxyHeader,
  lastSequence,
  PacketFramer,
  ProtocolError,
  utf8Bytes,
} from '@myswitch/protocol';
import { ProxyError } from '../errors';
import type { Account } from '../accounts/account';
import type { NodeOptions } from '../options';
import { backendCapabilities, serves } from '../capabilities';
import type { Capabilities } from '../capabilities';
import type { Clock } from '../clock';
import type { Greeting } from './node-baseline';
import { Wire } from './wire';

/** Payloads during login are small; a server that sends more is none. */
const MAX_LOGIN_PAYLOAD = 1 << 20;
const UTF8MB4_GENERAL_CI = 45;

export interface Connected extends Greeting {
  readonly wire: Wire;
  readonly connectionId: number;
  /** Those of the connection. */
  readonly negotiated: Capabilities;
}

/**
 * Connects to a node and logs in. The name is resolved anew at each call.
 * Rejects with BACKEND_UNAVAILABLE, or SERVER when the server refused the login, or would: the password has changed since.
 */
export function connect(
  node: NodeOptions,
  account: Account,
  variant: number,
  deadlineMs: number,
  clock: Clock,
): Promise<Connected> {
  const { credential } = account;
  if (credential === null) return Promise.reject(retired(account));
  return new Promise((resolve, reject) => {
    const wire = new Wire(node);
    const tells = node.proxyProtocol && account.address !== null;
    if (tells) tellAddress(wire.socket, account.address);
    const framer = new PacketFramer({ maxPayload: MAX_LOGIN_PAYLOAD });
    const login = new BackendLogin({
      user: utf8Bytes(account.name),
      credential,
      database: null,
      ...backendCapabilities(variant),
      characterSet: UTF8MB4_GENERAL_CI,
      attributes: new Map([['program_name', 'myswitch']]),
      tls: node.tls === null ? 'off' : 'required',
    });
    const timer = clock.timer(() => fail(new Error(`no login within ${deadlineMs} ms`)), deadlineMs);

    const stop = (): void => {
      timer.cancel();
      wire.receive = () => undefined;
      wire.socket.removeAllListeners('error').removeAllListeners('close');
    };
    const fail = (error: Error): void => {
      stop();
      wire.socket.on('error', () => undefined).destroy();
      if (error instanceof ProxyError) return reject(error);
      if (tells && isRefusedHeader(error)) return reject(headerRefused(node));
      reject(new ProxyError('BACKEND_UNAVAILABLE', `${node.name} (${node.host}:${node.port}): ${error.message}`));
    };
    const send = ({ payload, sequence }: { payload: Buffer; sequence: number }): void => {
      wire.socket.write(encodePacket(payload, sequence));
      framer.expect(lastSequence(payload.length, sequence) + 1);
    };
    const receive = (chunk: Buffer): void => {
      try {
        framer.push(Buffer.from(chunk)); // it keeps what is not a whole packet yet
        for (let packet = framer.next(); packet !== null; packet = framer.next()) {
          const step = login.receive(packet.payload, packet.sequence);
          switch (step.kind) {
            case 'wait':
              framer.expect(packet.sequence + 1);
              break;
            case 'send':
              send(step);
              break;
            case 'start-tls':
              send(step);
              return startTls();
            case 'failed':
              return fail(
                new ProxyError('SERVER', step.error.message, { errno: step.error.code, sqlState: step.error.sqlState }),
              );
            case 'done': {
              const { capabilities, mariadbCapabilities } = login;
              const negotiated = { capabilities, mariadbCapabilities };
              if (!serves(variant, negotiated)) return fail(new UnableError(node));
              stop();
              return resolve({
                wire,
                connectionId: login.connectionId,
                serverVersion: login.serverVersion,
                characterSet: login.defaultCollation,
                offers: {
                  capabilities: login.serverCapabilities,
                  mariadbCapabilities: login.serverMariadbCapabilities,
                },
                negotiated,
              });
            }
          }
        }
      } catch (error) {
        fail(error as Error);
      }
    };
    const listen = (): void => {
      wire.receive = receive;
      wire.socket.on('error', fail);
      wire.socket.on('close', () => fail(new Error('closed during login')));
    };
    const startTls = (): void => {
      wire.socket.removeAllListeners('error').removeAllListeners('close');
      wire.startTls(node).once('secureConnect', () => {
        try {
          const step = login.tlsEstablished();
          if (step.kind === 'send') send(step);
        } catch (error) {
          fail(error as Error);
        }
      });
      listen();
    };
    listen();
  });
}

/** The PROXY protocol header, before anything else. Many clients share the connection: its port is ours, by which it can be found. */
function tellAddress(socket: Socket, address: string): void {
  socket.once('connect', () => {
    const { localPort = 0, remoteAddress = '', remotePort = 0 } = socket;
    const destination = { address: remoteAddress, port: remotePort };
    socket.write(encodeProxyHeader({ source: { address, port: localPort }, destination }));
  });
}

/** A server that does not take the header says so at once, where the answer to its greeting was due. */
function isRefusedHeader(error: Error & { readonly code?: string }): boolean {
  return error instanceof ProtocolError ? error.code === 'OUT_OF_ORDER' : error.code?.startsWith('ERR_SSL') === true;
}

function headerRefused({ name }: NodeOptions): ProxyError {
  const message = `${name} does not take the PROXY protocol from here (MariaDB: proxy_protocol_networks; MySQL has none)`;
  return new ProxyError('SERVER', message, { errno: 1130, sqlState: 'HY000' });
}

function retired({ name }: Account): ProxyError {
  const message = `Access denied for user '${name}': its password has changed since it logged in`;
  return new ProxyError('SERVER', message, { errno: 1045, sqlState: '28000' });
}

/** A node can't serve a variant. Drivers connect again after this, and negotiate anew. */
class UnableError extends ProxyError {
  constructor({ name }: NodeOptions) {
    const message = `MySwitch: ${name} lacks a capability that this connection was given by another server; connect again`;
    super('SERVER', message, { errno: 1105, sqlState: '08S01' });
  }
}

/** Other variants may be served all the same. */
export function isUnable(error: Error): boolean {
  return error instanceof UnableError;
}
