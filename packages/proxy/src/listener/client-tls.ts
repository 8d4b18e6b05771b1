import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { ClientFacts } from '../accounts/admission';
import { verifiedCertificate } from '../accounts/client-certificate';
import type { TlsFiles } from '../options';

/** What a listener speaks TLS with. */
export interface ListenerTls {
  readonly context: SecureContext;
  /** An authority is set: clients are asked for a certificate, and need none. */
  readonly asksForCertificate: boolean;
}

export function listenerTls({ cert, key, ca }: TlsFiles): ListenerTls {
  const context = createSecureContext({
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
    // a resumed session would not show its certificate again
    ...(ca === null ? {} : { ca, secureOptions: constants.SSL_OP_NO_TICKET }),
  });
  return { context, asksForCertificate: ca !== null };
}

/** The server's side of a handshake. A client whose certificate is of nobody that is trusted is sent away, as servers do. */
export function startTls(raw: Socket, { context, asksForCertificate }: ListenerTls): TLSSocket {
  const socket = new TLSSocket(raw, {
    isServer: true,
    secureContext: context,
    requestCert: asksForCertificate,
    rejectUnauthorized: false,
  });
  socket.once('secure', () => {
    if (showsCertificate(socket) && !isVerified(socket)) socket.destroy();
  });
  return socket;
}

export function tlsFacts(socket: TLSSocket): ClientFacts['tls'] {
  const certificate = isVerified(socket) ? socket.getPeerX509Certificate() : undefined;
  const cipher = socket.getCipher() as { name: string } | undefined; // none once the connection is gone
  return {
    cipher: cipher?.name ?? '',
    certificate: certificate === undefined ? null : verifiedCertificate(certificate),
  };
}

function showsCertificate(socket: TLSSocket): boolean {
  return socket.getPeerX509Certificate() !== undefined;
}

/**
 * Node says it (`authorized`) of sockets of its own servers only; of others the handle tells. Where a Node version keeps its
 * handles otherwise nobody counts as verified.
 */
function isVerified(socket: TLSSocket): boolean {
  const handle = (socket as unknown as { _handle: { verifyError?(): Error | null } | null })._handle;
  if (typeof handle?.verifyError !== 'function' || !showsCertificate(socket)) return false;
  return (handle.verifyError() ?? null) === null;
}
