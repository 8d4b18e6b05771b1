import type { X509Certificate } from 'node:crypto';

/** A certificate's subject or issuer as REQUIRE SUBJECT and REQUIRE ISSUER spell it: `/C=SE/O=MySQL/CN=client`. */
function oneLine(name: string): string {
  // Node writes one part a line, with RFC 2253's escapes
  return name
    .split('\n')
    .map((part) => `/${part.replace(/\\([0-9A-Fa-f]{2}|[^])/g, (_, escaped: string) => unescaped(escaped))}`)
    .join('');
}

function unescaped(text: string): string {
  return text.length === 2 ? `\\x${text.toUpperCase()}` : text;
}

/** What a client showed of itself at its TLS handshake; null: nothing that was verified. */
export interface VerifiedCertificate {
  readonly subject: string;
  readonly issuer: string;
}

export function verifiedCertificate(certificate: X509Certificate): VerifiedCertificate {
  return { subject: oneLine(certificate.subject), issuer: oneLine(certificate.issuer) };
}
