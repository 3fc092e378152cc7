import { AppError } from '../core/errors.ts';
import type { SshKeyPair } from '../ports/key-maker.ts';

/** A key pair as one secret, so that a crash never leaves a private key without its public one. */
export function encodeKeyPair(pair: SshKeyPair): Uint8Array {
  const text = { private: text8(pair.privateKey), public: text8(pair.publicKey) };
  return Buffer.from(`${JSON.stringify(text)}\n`);
}

/** The key pair in a secret; throws `integrity` when it is damaged, for a new key would be a new identity. */
export function decodeKeyPair(name: string, secret: Uint8Array): SshKeyPair {
  const { private: privateKey, public: publicKey } = parseFields(name, text8(secret));
  return { privateKey: Buffer.from(privateKey), publicKey: Buffer.from(publicKey) };
}

function parseFields(name: string, text: string): { readonly private: string; readonly public: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'private' in value && 'public' in value) {
      const fields = { private: value.private, public: value.public };
      if (typeof fields.private === 'string' && typeof fields.public === 'string') {
        return { private: fields.private, public: fields.public };
      }
    }
  } catch {
    // The message of the parser could quote the key.
  }
  throw new AppError('integrity', `Cannot use secret "${name}": it holds no key pair`, {
    remedy: 'Restore it from a backup, or remove it to give the host a new identity',
  });
}

function text8(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
