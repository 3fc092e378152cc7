import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, cpSync, linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { commandRunner } from '../../../src/adapters/command.ts';
import { openState, type State } from '../../../src/adapters/state.ts';
import { loadSite, siteOrThrow } from '../../../src/config/load.ts';
import { type ArtefactRef, digestFromHex, digestHex } from '../../../src/core/artefact.ts';
import { STABLE } from '../../../src/core/image.ts';
import { canonicalJson, type Release } from '../../../src/core/release.ts';
import { anNbpRelease, aRelease, imageName } from '../../builders.ts';
import { type BenchFiles, LARGE, NBP, SMALL_NBP } from '../peers/peer.ts';
import { POOL, SERVER_ADDRESS, SUBNET } from './arena.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const KIB = 1024;
/** The script of a host is to have 10 KB. */
const SCRIPT_PADDING = 8_500;
const IMAGES = `
trixie:
  from: trixie
  nbp: {stages: [stage.sh], outputs: {files: {${NBP}: /srv/${NBP}, ${SMALL_NBP}: /srv/${SMALL_NBP}}}}
  web: {stages: [stage.sh], kernel: linux-image-amd64}
`;

/** What the server is told that it may hold of artefacts: the large one, and little beside it. */
const ARTEFACT_MEMORY_MIB = 320;
/** All that it may be resident with, its program and the TFTP server's memory included. */
export const MEMORY_LIMIT_MIB = ARTEFACT_MEMORY_MIB + 256;

/** The host that is known by its MAC; the load client's fifth has it. */
export const KNOWN_HOST = { number: 5, mac: '02:00:00:00:00:05', address: '10.64.0.5' } as const;

/** A site with made-up releases, to be copied for each server that is measured, and the same files for its peers. */
export class BenchSite {
  readonly files: BenchFiles;
  readonly #template: string;

  private constructor(template: string, files: BenchFiles) {
    this.#template = template;
    this.files = files;
  }

  /** Make it in an empty folder. */
  static async make(folder: string): Promise<BenchSite> {
    const template = join(folder, 'site');
    const [tftp, http] = [join(folder, 'tftp'), join(folder, 'http')];
    for (const path of [template, tftp, http]) mkdirSync(path);
    writeSite(template);
    const [nbp, small, large] = [randomBytes(KIB * KIB), randomBytes(256 * KIB), randomBytes(300_000_000)];
    writeFileSync(join(tftp, NBP), nbp);
    writeFileSync(join(tftp, SMALL_NBP), small);
    const loaded = siteOrThrow(await loadSite(join(template, 'bivouac.yml'), { environment: {} }));
    const state = await openState(loaded.directories.data, () => loaded);
    try {
      const ref = await publish(state, { nbp, small, large });
      const hex = digestHex(ref.digest);
      // One file for both, so that the page cache holds it once.
      linkSync(join(loaded.directories.data, 'artefacts/sha256', hex.slice(0, 2), hex), join(http, LARGE));
      return new BenchSite(template, { tftp, http, largePath: `/artefacts/sha256/${hex}` });
    } finally {
      await state.close();
    }
  }

  /** Copy the site into an empty folder; artefacts are the same files, the rest is its own. */
  async copyTo(folder: string): Promise<string> {
    const artefacts = 'data/artefacts';
    const isOther = (source: string): boolean => source !== join(this.#template, artefacts);
    cpSync(this.#template, folder, { recursive: true, filter: isOther, preserveTimestamps: true });
    const source = join(this.#template, artefacts);
    await commandRunner.run(['cp', '--archive', '--link', source, join(folder, artefacts)]);
    return folder;
  }
}

function writeSite(folder: string): void {
  for (const name of ['images', 'hosts']) mkdirSync(join(folder, name));
  cpSync(join(ROOT, 'boot'), join(folder, 'boot'), { recursive: true, verbatimSymlinks: true });
  const line = '# A site may say much in its boot script, and firmware reads it all the same.\n';
  appendFileSync(join(folder, 'boot/script.ipxe.njk'), line.repeat(Math.ceil(SCRIPT_PADDING / line.length)));
  writeFileSync(join(folder, 'images/config.yml'), IMAGES);
  writeFileSync(join(folder, 'images/stage.sh'), 'true\n');
  const host = `mac: ${KNOWN_HOST.mac}\naddress: ${KNOWN_HOST.address}\nimage: web\n`;
  writeFileSync(join(folder, 'hosts/known.yml'), host);
  writeFileSync(join(folder, 'bivouac.yml'), configText());
}

function configText(): string {
  return [
    'server:',
    `  address: ${SERVER_ADDRESS}`,
    '  data: data',
    `  http: {memory: ${ARTEFACT_MEMORY_MIB}MiB}`,
    'dhcp:',
    '  subnets:',
    `    - subnet: ${SUBNET.network}/${SUBNET.prefix}`,
    `      pool: ${POOL.first}-${POOL.last}`,
    'unknown_hosts: {image: web}',
    '',
  ].join('\n');
}

interface Contents {
  readonly nbp: Buffer;
  readonly small: Buffer;
  readonly large: Buffer;
}

/** Publish releases of `nbp` and `web` as builds would; resolves to the large layer. */
async function publish(state: State, { nbp, small, large }: Contents): Promise<ArtefactRef> {
  const put = (bytes: Buffer) => state.artefacts.putBytes(bytes);
  const layer = await put(large);
  const files = [
    { name: NBP, ...(await put(nbp)) },
    { name: SMALL_NBP, ...(await put(small)) },
  ];
  const stage = { ...layer, stage: 'bootstrap', image: imageName('trixie'), contentId: '3'.repeat(64) };
  const [kernel, initramfs] = [await put(randomBytes(KIB * KIB)), await put(randomBytes(KIB * KIB))];
  const releases: readonly Release[] = [
    anNbpRelease({ files }),
    aRelease({ kernel, initramfs, layers: [stage] }),
  ];
  for (const release of releases) {
    const digest = digestFromHex(createHash('sha256').update(canonicalJson(release)).digest('hex'));
    if (digest === undefined) throw new Error('SHA-256 gave no digest');
    await state.catalogue.publish({ digest, release }, STABLE);
  }
  return layer;
}
