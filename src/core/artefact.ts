declare const digestBrand: unique symbol;

/** `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = string & { readonly [digestBrand]: true };

/** A published file: its content's digest and its size in bytes. */
export interface ArtefactRef {
  readonly digest: Digest;
  readonly size: number;
}

/** Parse `sha256:<64 hex>`; undefined when it has another form. */
export function parseDigest(text: string): Digest | undefined {
  return /^sha256:[0-9a-f]{64}$/.test(text) ? (text as Digest) : undefined;
}

/** The digest with these 64 hexadecimal digits; undefined when they are not. */
export function digestFromHex(hex: string): Digest | undefined {
  return parseDigest(`sha256:${hex}`);
}

/** The 64 hexadecimal digits of a digest. */
export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/** Enough of a digest for a person: `sha256:0123456789ab`. */
export function shortDigest(digest: Digest): string {
  return digest.slice(0, 'sha256:'.length + 12);
}
