import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FsSigningKeys } from '../../src/adapters/signing-keys.ts';
import { openDatabase, type SqlDatabase } from '../../src/adapters/sql/database.ts';
import { openState } from '../../src/adapters/state.ts';
import { publishRelease } from '../../src/build/publish.ts';
import { type ArtefactRef, type Digest, digestHex } from '../../src/core/artefact.ts';
import { STABLE } from '../../src/core/image.ts';
import type { NamedRelease, NetbootRelease } from '../../src/core/release.ts';
import type { Signer } from '../../src/ports/signer.ts';
import { aRelease, imageName } from '../builders.ts';
import { load, siteFolder } from '../config/site-folder.ts';
import { trulyNamed } from '../truly-named.ts';
import { commandLine } from './command-line.ts';

/** A site whose image web is published as a build does it: signed, with its statement, and an initramfs that believes the key. */
export class TrustedSite {
  readonly folder: string;
  readonly keyId: string;
  readonly named: NamedRelease<NetbootRelease>;

  private constructor(folder: string, keyId: string, named: NamedRelease<NetbootRelease>) {
    this.folder = folder;
    this.keyId = keyId;
    this.named = named;
  }

  static async open(): Promise<TrustedSite> {
    const folder = siteFolder();
    const loaded = await load(folder);
    if (!loaded.ok) throw new Error('The site has faults');
    const state = await openState(join(folder, 'data'), () => loaded.site);
    const part = async (text: string) => state.artefacts.putBytes(Buffer.from(text));
    const { keyId } = await state.signingKeys.current();
    const [layer] = aRelease().layers;
    const named = trulyNamed(
      aRelease({
        image: imageName('web'),
        kernel: await part('kernel'),
        initramfs: await part('initramfs'),
        keys: [keyId],
        layers: [{ ...layer, ...(await part('layer')) }],
        sbom: await part('{"spdxVersion":"SPDX-2.3"}'),
      }),
    );
    await state.close();
    const site = new TrustedSite(folder, keyId, named);
    await site.publish();
    return site;
  }

  /** Publish it, or publish it again. */
  async publish(): Promise<void> {
    const loaded = await load(this.folder);
    if (!loaded.ok) throw new Error('The site has faults');
    const state = await openState(join(this.folder, 'data'), () => loaded.site);
    const { signingKeys: keys, signatures } = state;
    const times = { startedAt: 1_700_000_000_000, finishedAt: 1_700_000_060_000 };
    const plan = {
      steps: [],
      results: new Map(),
      inputs: new Map(),
      packageSources: ['deb http://mirror.example/debian trixie main'],
    };
    const source = { kind: 'suite', suite: 'trixie' } as const;
    const record = () => Promise.resolve({ request: {}, source, ...plan, ...times });
    await publishRelease(
      { release: this.named, channel: STABLE, record },
      { ...state, signing: { keys, signatures } },
    );
    await state.close();
  }

  /** Its newest key. */
  signer(): Promise<Signer> {
    return new FsSigningKeys(join(this.folder, 'data/keys')).current();
  }

  /** The public half of that, as PEM. */
  async publicKey(): Promise<string> {
    const [newest] = await new FsSigningKeys(join(this.folder, 'data/keys')).trusted();
    if (newest === undefined) throw new Error('no key');
    return newest.pem;
  }

  run(...argv: readonly string[]): ReturnType<typeof commandLine> {
    return commandLine('--config', join(this.folder, 'bivouac.yml'), ...argv);
  }

  /** What `release verify` says is wrong, by what it is about; its exit code belongs to that. */
  async faults(): Promise<Readonly<Record<string, string>>> {
    const { code, stdout } = await this.run('--json', 'release', 'verify', 'web');
    const { good, checks } = JSON.parse(stdout) as {
      good: boolean;
      checks: { what: string; fault?: string }[];
    };
    const faults = checks.flatMap(({ what, fault }) => (fault === undefined ? [] : [[what, fault]]));
    if (good !== (faults.length === 0) || code !== (good ? 0 : 1)) throw new Error(`${code} ${stdout}`);
    return Object.fromEntries(faults) as Record<string, string>;
  }

  /** Change, or remove, the file of an artefact. */
  damage({ digest }: Pick<ArtefactRef, 'digest'>, text?: string): void {
    const file = this.fileOf(digest);
    if (text === undefined) {
      rmSync(file);
      return;
    }
    chmodSync(file, 0o644);
    writeFileSync(file, text);
  }

  fileOf(digest: Digest): string {
    const hex = digestHex(digest);
    return join(this.folder, 'data/artefacts/sha256', hex.slice(0, 2), hex);
  }

  /** Work on its database as somebody who has no key. */
  async inDatabase<T>(work: (query: SqlDatabase['query']) => Promise<T>): Promise<T> {
    const database = openDatabase(join(this.folder, 'data/bivouac.db'));
    try {
      return await work(database.query);
    } finally {
      await database.close();
    }
  }
}
