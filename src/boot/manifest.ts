import type { ArtefactRef, Digest } from '../core/artefact.ts';
import type { BootId } from '../core/event.ts';
import type { HostName } from '../core/host.ts';
import type { NamedRelease, NetbootRelease } from '../core/release.ts';
import { artefactUrl } from './script.ts';

/** A file to fetch. */
export interface ManifestFile extends ArtefactRef {
  readonly url: string;
}

/** All that a host fetches in one boot, after its kernel and initramfs. */
export interface Manifest {
  readonly host: HostName;
  readonly boot: BootId;
  readonly image: string;
  readonly release: Digest;
  readonly kernelVersion: string;
  /** Base first. */
  readonly layers: readonly ManifestFile[];
  /** The host's own layer; its URL needs the boot token. */
  readonly conffs: ManifestFile;
}

/** What a manifest is made from. */
export interface ManifestInput {
  readonly base: string;
  readonly host: HostName;
  readonly boot: BootId;
  readonly named: NamedRelease<NetbootRelease>;
  readonly conffs: ArtefactRef;
}

/** The manifest of one boot. */
export function manifestOf(input: ManifestInput): Manifest {
  const { base, host, boot, named, conffs } = input;
  return {
    host,
    boot,
    image: named.release.image,
    release: named.digest,
    kernelVersion: named.release.kernelVersion,
    layers: named.release.layers.map(({ digest, size }) => ({
      digest,
      size,
      url: artefactUrl(base, digest),
    })),
    conffs: { digest: conffs.digest, size: conffs.size, url: `${base}/boot/conffs` },
  };
}

/** The manifest as the initramfs reads it: a line for each fact, words separated by one space, `end` last. */
export function manifestText(manifest: Manifest): string {
  const lines = [
    'bivouac-manifest 1',
    `host ${manifest.host}`,
    `boot ${manifest.boot}`,
    `image ${manifest.image}`,
    `release ${manifest.release}`,
    `kernel-version ${manifest.kernelVersion}`,
    ...manifest.layers.map((layer) => fileLine('layer', layer)),
    fileLine('conffs', manifest.conffs),
    'end',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** The manifest for people and other programs. */
export function manifestJson(manifest: Manifest): string {
  return `${JSON.stringify({ version: 1, ...manifest }, undefined, 2)}\n`;
}

function fileLine(word: 'layer' | 'conffs', file: ManifestFile): string {
  return `${word} ${file.digest} ${file.size} ${file.url}`;
}
