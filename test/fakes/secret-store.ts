import { AppError } from '../../src/core/errors.ts';
import type { SecretStore } from '../../src/ports/secret-store.ts';

/** Secrets in memory. `fails`: the disk cannot be read. */
export class FakeSecretStore implements SecretStore {
  readonly secrets = new Map<string, Uint8Array>();
  fails = false;

  async read(name: string): Promise<Uint8Array | undefined> {
    if (this.fails) throw new AppError('storage', `Cannot read secret "${name}": input/output error`);
    return this.secrets.get(name);
  }

  async list(folder: string): Promise<readonly string[]> {
    const below = [...this.secrets.keys()].filter((name) => name.startsWith(`${folder}/`));
    return [...new Set(below.map((name) => name.slice(folder.length + 1).split('/')[0] ?? ''))];
  }

  async create(name: string, content: Uint8Array): Promise<void> {
    if (this.secrets.has(name)) throw new AppError('conflict', `Cannot create secret "${name}": it exists`);
    this.secrets.set(name, content);
  }
}
