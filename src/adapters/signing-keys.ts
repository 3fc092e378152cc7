import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, messageOf } from '../core/errors.ts';
import type { Signature, SignatureVerdict, Signer, SigningKeys, TrustedKey } from '../ports/signer.ts';
import { FsSecretStore } from './fs-secret-store.ts';

/** A key of this server as its file tells. */
export interface KeptKey extends TrustedKey {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

interface OpenKey extends KeptKey {
  readonly file: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** `signing-0001.pem`, `signing-0002.pem` …: the number is the age, and of two processes that make one, one fails. */
const FILE = /^signing-([0-9]{4})\.pem$/;
/** A folder changed this recently may change again within one tick of its file system's clock. */
const SETTLED_MILLISECONDS = 2_000;

/**
 * Ed25519 keys as files (PKCS #8, mode 0600) of a folder; what another process adds or removes counts at once. The first
 * key is made when the folder has none, and never because it could not be read.
 */
export class FsSigningKeys implements SigningKeys {
  readonly #directory: string;
  readonly #files: FsSecretStore;
  #seen: { readonly stamp: bigint; readonly keys: readonly [OpenKey, ...OpenKey[]] } | undefined;

  constructor(directory: string) {
    this.#directory = directory;
    this.#files = new FsSecretStore(directory);
  }

  async trusted(): Promise<readonly KeptKey[]> {
    return (await this.#keys()).map(({ keyId, pem, createdAt }) => ({ keyId, pem, createdAt }));
  }

  async current(): Promise<Signer> {
    return signerOf((await this.#keys())[0]);
  }

  async signerFor(keyIds: readonly string[]): Promise<Signer | undefined> {
    const key = (await this.#keys()).find(({ keyId }) => keyIds.includes(keyId));
    return key === undefined ? undefined : signerOf(key);
  }

  async verify(bytes: Uint8Array, { keyId, signature }: Signature): Promise<SignatureVerdict> {
    const key = (await this.#keys()).find((each) => each.keyId === keyId);
    if (key === undefined) return 'unknown-key';
    return verify(null, bytes, key.publicKey, signature) ? 'valid' : 'invalid';
  }

  /** Make a key, which signs from now on; gives its id. */
  async rotate(): Promise<string> {
    const newest = (await this.#keys())[0];
    await this.#make(numberOf(newest.file) + 1);
    return (await this.#keys())[0].keyId;
  }

  /** Destroy a key that does not sign any more. */
  async retire(keyId: string): Promise<void> {
    const keys = await this.#keys();
    const key = keys.find((each) => each.keyId === keyId);
    const refuse = (code: 'not-found' | 'conflict', reason: string, remedy: string): AppError =>
      new AppError(code, `Cannot retire key "${keyId}": ${reason}`, { remedy });
    if (key === undefined) throw refuse('not-found', 'there is no such key', '"bivouac key list" shows them');
    if (key === keys[0]) throw refuse('conflict', 'it signs', 'Make the next one with "bivouac key rotate"');
    try {
      await unlink(join(this.#directory, key.file));
    } catch (cause) {
      throw new AppError('storage', `Cannot retire key "${keyId}": ${messageOf(cause)}`, { cause });
    }
  }

  async #keys(): Promise<readonly [OpenKey, ...OpenKey[]]> {
    const stamp = await this.#stamp();
    if (stamp !== undefined && this.#seen?.stamp === stamp) return this.#seen.keys;
    const names = stamp === undefined ? [] : await this.#list();
    if (names.length === 0) {
      await this.#make(1).catch((error: unknown) => {
        if (!(error instanceof AppError) || error.code !== 'conflict') throw error;
      });
      return await this.#keys();
    }
    const [first, ...rest] = await Promise.all(names.map((name) => this.#open(name)));
    if (first === undefined) throw new RangeError('Cannot read keys: a list lost its members');
    const keys = [first, ...rest] as const;
    const settled = stamp !== undefined && Date.now() - Number(stamp / 1_000_000n) > SETTLED_MILLISECONDS;
    this.#seen = settled ? { stamp, keys } : undefined;
    return keys;
  }

  /** Undefined while there is no folder. */
  async #stamp(): Promise<bigint | undefined> {
    try {
      return (await stat(this.#directory, { bigint: true })).mtimeNs;
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
      throw this.#unreadable(cause);
    }
  }

  /** Newest first. */
  async #list(): Promise<readonly string[]> {
    try {
      return (await readdir(this.#directory))
        .filter((name) => FILE.test(name))
        .sort()
        .toReversed();
    } catch (cause) {
      throw this.#unreadable(cause);
    }
  }

  #unreadable(cause: unknown): AppError {
    return new AppError('storage', `Cannot read the keys in "${this.#directory}": ${messageOf(cause)}`, {
      cause,
    });
  }

  async #open(file: string): Promise<OpenKey> {
    const pem = await this.#files.read(file);
    if (pem === undefined) throw this.#unreadable(new Error(`"${file}" went away`));
    const path = join(this.#directory, file);
    const { mtimeMs, mode } = await stat(path);
    if ((mode & 0o077) !== 0) throw exposed(path, mode);
    const privateKey = readKey(pem);
    if (privateKey?.asymmetricKeyType !== 'ed25519') {
      throw new AppError('integrity', `Cannot use the file "${path}": it holds no Ed25519 key`, {
        remedy: 'Restore it from a backup; hosts trust this key and no other in its place',
      });
    }
    return { file, privateKey, createdAt: mtimeMs, ...publicHalf(privateKey) };
  }

  async #make(number: number): Promise<void> {
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
    await this.#files.create(`signing-${String(number).padStart(4, '0')}.pem`, Buffer.from(pem));
    this.#seen = undefined;
  }
}

/** The id of a public key, from its SubjectPublicKeyInfo. */
export function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ format: 'der', type: 'spki' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

function publicHalf(privateKey: KeyObject) {
  const publicKey = createPublicKey(privateKey);
  return {
    publicKey,
    keyId: keyIdOf(publicKey),
    pem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  };
}

/** A copy or a backup that was put back may have lost the mode; whoever read the key meanwhile can sign as this server. */
function exposed(path: string, mode: number): AppError {
  const reason = `others than its owner may read or write it (mode ${(mode & 0o777).toString(8)})`;
  return new AppError('integrity', `Cannot use the file "${path}": ${reason}`, {
    remedy: `chmod 600 ${path}; if anybody may have read it, "bivouac key rotate" and build anew`,
  });
}

function readKey(pem: Uint8Array): KeyObject | undefined {
  try {
    return createPrivateKey(Buffer.from(pem));
  } catch {
    return undefined;
  }
}

function numberOf(file: string): number {
  return Number(FILE.exec(file)?.[1]);
}

function signerOf({ keyId, privateKey }: OpenKey): Signer {
  return { keyId, sign: async (bytes) => sign(null, bytes, privateKey) };
}
