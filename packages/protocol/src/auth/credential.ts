/**
 * What a login proves itself with. `stage1` is SHA1(password): all that mysql_native_password needs, and all that can be
 * learned of a password whose client speaks that plugin. Lives in memory only.
 */
export type Credential =
  { readonly kind: 'clear'; readonly password: Buffer } | { readonly kind: 'native'; readonly stage1: Buffer };

/** `password`: its UTF-8 text. */
export function clearCredential(password: string): Credential {
  return { kind: 'clear', password: Buffer.from(password, 'utf8') };
}
