import { readFileSync } from 'node:fs';
import type { TftpAnswer, TftpWorld } from '../../src/boot/answer-tftp.ts';
import { ScriptShelf } from '../../src/boot/script-shelf.ts';
import { type Catalogue, NBP_IMAGE } from '../../src/core/catalogue.ts';
import {
  aCatalogue,
  aHost,
  aLease,
  anNbpRelease,
  aPublication,
  artefact,
  hostName,
  ip,
  mac,
} from '../builders.ts';
import { FakeArtefactStore } from '../fakes/artefact-store.ts';
import { FakeCatalogueStore } from '../fakes/catalogue-store.ts';
import { FakeTokenStore } from '../fakes/token-store.ts';
import { aWorld } from './world.ts';

/** Where web01 boots from. */
export const HOST = ip('10.77.0.11');
/** Nobody leases it. */
export const STRANGER = ip('10.77.0.99');
/** Leased to a card that no host owns. */
export const UNOWNED = ip('10.77.0.13');
const OTHER_MAC = mac('52:54:00:77:00:02');
const NBPS = anNbpRelease({
  files: [
    { name: 'snponly.efi', ...artefact('c') },
    { name: 'ipxe-arm64.efi', ...artefact('e') },
    { name: 'raspberry-pi/start4.elf', ...artefact('f') },
  ],
});

/** The TFTP side of a boot over fakes: web01 and web02 with leases. */
export function tftpWorld(
  catalogue: Catalogue = aCatalogue([aPublication(), aPublication({ image: NBP_IMAGE, release: NBPS })]),
) {
  const other = aHost({ name: hostName('web02'), macs: [OTHER_MAC], address: ip('10.77.0.12') });
  const leases = [
    aLease(),
    aLease({ mac: OTHER_MAC, address: ip('10.77.0.12') }),
    aLease({ mac: mac('52:54:00:77:00:99'), address: UNOWNED }),
  ];
  const world = aWorld({ catalogue, hosts: [aHost(), other] }, leases);
  const stored = new FakeCatalogueStore();
  const added = {
    artefacts: new FakeArtefactStore(),
    tokens: new FakeTokenStore(),
    catalogue: stored,
    stored,
    envs: new ScriptShelf<Uint8Array>(),
    onError: (error: unknown) => void world.errors.push(error),
    loaderTemplate: (loader: string) => {
      const name = `boot/${loader}.cfg.njk`;
      return Promise.resolve({ name, text: readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8') });
    },
  };
  return { ...world, ...added } satisfies TftpWorld;
}

/** The text of an answer that is one, else its kind. */
export async function text(answer: Promise<TftpAnswer>): Promise<string> {
  const given = await answer;
  return given.kind === 'bytes' ? Buffer.from(given.bytes).toString('latin1') : given.kind;
}
