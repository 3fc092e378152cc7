import { createHash, randomFillSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeKeyPair } from '../../boot/ssh-identity.ts';
import { loadSite, siteOrThrow } from '../../config/load.ts';
import type { Site } from '../../config/site.ts';
import { type ArtefactRef, type Digest, digestFromHex, digestHex } from '../../core/artefact.ts';
import { type ImageName, parseImageName, STABLE } from '../../core/image.ts';
import { canonicalJson, type Release, type ReleaseLayer } from '../../core/release.ts';
import type { StormFiles } from '../../lab/storm/boot.ts';
import type { StormHost, StormOptions } from '../../lab/storm/plan.ts';
import { STORM_NBP, siteFiles } from '../../lab/storm/site-files.ts';
import type { ArtefactStore } from '../../ports/artefact-store.ts';
import { SSH_KEY_TYPES } from '../../ports/key-maker.ts';
import type { SecretStore } from '../../ports/secret-store.ts';
import { commandRunner } from '../command.ts';
import { SshKeygen } from '../ssh-keygen.ts';
import { openState } from '../state.ts';

/** Where the site of a storm is made, and of what. */
export interface StormSiteOptions {
  /** An empty folder. */
  readonly folder: string;
  /** Folder of the boot script templates. */
  readonly boot: string;
  /** Those of the probe as well. */
  readonly hosts: readonly StormHost[];
  readonly sizes: StormOptions;
}

/** Make the storm's own site: files, published releases of random bytes, and an identity for each host. */
export async function makeStormSite(
  options: StormSiteOptions,
): Promise<{ readonly site: Site; readonly files: StormFiles }> {
  const { folder, boot, hosts, sizes } = options;
  for (const [path, text] of siteFiles(hosts, boot)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const site = siteOrThrow(await loadSite(join(folder, 'bivouac.yml'), { environment: {} }));
  const state = await openState(site.directories.data, () => site);
  try {
    const { releases, nbp } = await makeReleases(state.artefacts, sizes);
    for (const release of releases) {
      await state.catalogue.publish({ digest: digestOf(canonicalJson(release)), release }, STABLE);
    }
    if (!sizes.firstBoot) await makeIdentities(state.secrets, hosts);
    const nbpFile = { size: nbp.size, sha256: digestHex(nbp.digest) };
    return { site, files: { nbp: nbpFile, kernel: sizes.kernelSize, initramfs: sizes.initramfsSize } };
  } finally {
    await state.close();
  }
}

async function makeReleases(
  artefacts: ArtefactStore,
  sizes: StormOptions,
): Promise<{ readonly releases: readonly Release[]; readonly nbp: ArtefactRef }> {
  // Random: nothing on the way can make them smaller.
  const made = (size: number): Promise<ArtefactRef> => artefacts.putBytes(randomFillSync(Buffer.alloc(size)));
  const nbp = await made(sizes.nbpSize);
  const layers: ReleaseLayer[] = [];
  for (let index = 0; index < sizes.layers; index += 1) {
    const stage = index === 0 ? 'bootstrap' : `stage-${index}.sh`;
    const contentId = digestHex(digestOf(stage));
    layers.push({ ...(await made(sizes.layerSize)), stage, image: imageName('web'), contentId });
  }
  const [base, ...above] = layers;
  if (base === undefined) throw new RangeError('Cannot make a release without a layer');
  const common = { schema: 2, architecture: 'amd64', builder: 'storm' } as const;
  const web: Release = {
    ...common,
    image: imageName('web'),
    output: 'netboot',
    kernelVersion: '6.12.0-storm',
    kernel: await made(sizes.kernelSize),
    initramfs: await made(sizes.initramfsSize),
    layers: [base, ...above],
    cmdline: ['console=ttyS0'],
    files: [],
  };
  const files = Object.values(STORM_NBP).map((name) => ({ ...nbp, name, kind: 'files' as const }));
  return { releases: [{ ...common, image: imageName('nbp'), output: 'files', files, layers: [] }, web], nbp };
}

/** The same keys for all, made once: these hosts have booted before, and RSA keys of a thousand take minutes. */
async function makeIdentities(secrets: SecretStore, hosts: readonly StormHost[]): Promise<void> {
  const keygen = new SshKeygen((argv) => commandRunner.run(argv));
  for (const type of SSH_KEY_TYPES) {
    const secret = encodeKeyPair(await keygen.sshHostKey(type, 'root@storm'));
    const left = [...hosts];
    const worker = async (): Promise<void> => {
      for (let host = left.pop(); host !== undefined; host = left.pop()) {
        await secrets.create(`hosts/${host.name}/ssh_host_${type}_key.json`, secret);
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
  }
}

function imageName(text: string): ImageName {
  const name = parseImageName(text);
  if (name === undefined) throw new RangeError(`Cannot read image name "${text}"`);
  return name;
}

function digestOf(text: string): Digest {
  const digest = digestFromHex(createHash('sha256').update(text).digest('hex'));
  if (digest === undefined) throw new RangeError('Cannot make a digest: SHA-256 gave another length');
  return digest;
}
