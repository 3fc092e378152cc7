import { join } from 'node:path';
import { conffsEntries, type HostConfigInput } from '../boot/host-config.ts';
import type { HostIdentity } from '../boot/identity.ts';
import { type ArtefactRef, digestFromHex } from '../core/artefact.ts';
import { AppError, messageOf } from '../core/errors.ts';
import type { Host } from '../core/host.ts';
import { type BootPolicy, subnetFor } from '../core/policy.ts';
import type { NamedRelease, NetbootRelease } from '../core/release.ts';
import type { FaultList } from './fault.ts';
import type { Site } from './site.ts';

/** What only a boot knows: stand-ins of the same form. */
const IDENTITY: HostIdentity = { machineId: '0'.repeat(32), sshKeys: [] };

/**
 * Make the conffs of every host of files as its next boot would, so that a template that cannot be rendered, or files
 * that contradict each other, are faults of the configuration and not of a boot in the night.
 */
export function rehearseConffs(site: Site, faults: FaultList): void {
  for (const host of site.hosts) {
    try {
      conffsEntries(standInInput(host, site, standInRelease(host)));
    } catch (error) {
      const remedy = error instanceof AppError ? error.remedy : undefined;
      faults.file(join(site.directories.hosts, host.name), messageOf(error), remedy);
    }
  }
}

/** All that a host's conffs are made from, as far as it is known before its boot. */
export function standInInput(
  host: Host,
  { policy, hostFiles }: Pick<Site, 'policy' | 'hostFiles'>,
  named: NamedRelease<NetbootRelease>,
): HostConfigInput {
  const files = hostFiles.of(host.name);
  return { host, ...standInPlace(host, policy), named, files, identity: IDENTITY, limit: policy.conffsLimit };
}

function standInPlace(host: Host, policy: BootPolicy) {
  const { pool, serverAddress, domain, baseUrl } = subnetFor(policy, host.address);
  return { address: host.address ?? pool?.first ?? serverAddress, domain, server: baseUrl };
}

function standInRelease(host: Host): NamedRelease<NetbootRelease> {
  const digest = digestFromHex('0'.repeat(64));
  if (digest === undefined) throw new RangeError('Cannot make a digest of 64 zeros');
  const artefact: ArtefactRef = { digest, size: 0 };
  const layer = { ...artefact, stage: 'bootstrap', image: host.image, contentId: '0'.repeat(64) };
  const release: NetbootRelease = {
    schema: 2,
    output: 'netboot',
    image: host.image,
    architecture: 'amd64',
    builder: 'bivouac',
    kernelVersion: '0.0.0',
    kernel: artefact,
    initramfs: artefact,
    layers: [layer],
    cmdline: [],
    files: [],
  };
  return { digest, release };
}
