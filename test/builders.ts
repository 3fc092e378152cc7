import { ansibleSettings } from '../src/config/ansible.ts';
import { recipeSettings } from '../src/config/recipes.ts';
import type { Site } from '../src/config/site.ts';
import { type Ipv4, type Mac, parseIpv4, parseMac, parseRange, parseSubnet } from '../src/core/address.ts';
import { type ArtefactRef, type Digest, digestFromHex } from '../src/core/artefact.ts';
import type { Catalogue, Publication } from '../src/core/catalogue.ts';
import { type Host, type HostName, parseHostName } from '../src/core/host.ts';
import { NO_HOST_LAYERS } from '../src/core/host-layer.ts';
import {
  type ChannelName,
  type ImageDefinition,
  type ImageName,
  type ImageSettings,
  parseChannelName,
  parseImageName,
  STABLE,
} from '../src/core/image.ts';
import { inventoryOf } from '../src/core/inventory.ts';
import type { BuildRequest } from '../src/core/job.ts';
import type { Lease } from '../src/core/lease.ts';
import type { BootPolicy } from '../src/core/policy.ts';
import type { FilesRelease, NamedRelease, NetbootRelease, ReleaseFile } from '../src/core/release.ts';
import type { ServedSubnet } from '../src/core/subnet.ts';
import type { HostFiles, HostFilesSource } from '../src/ports/host-files.ts';
import type { Snapshot } from '../src/ports/snapshot.ts';

/** Whole values for tests: each builder gives a valid one, and takes only what the test is about. */

export function mac(text = '52:54:00:77:00:01'): Mac {
  return must(parseMac(text), text);
}

export function ip(text: string): Ipv4 {
  return must(parseIpv4(text), text);
}

export function hostName(text: string): HostName {
  return must(parseHostName(text), text);
}

export function imageName(text: string): ImageName {
  return must(parseImageName(text), text);
}

/** A digest of 64 times the same hexadecimal digit. */
export function digest(digit = 'a'): Digest {
  return must(digestFromHex(digit.repeat(64)), digit);
}

export function artefact(digit = 'a', size = 1000): ArtefactRef {
  return { digest: digest(digit), size };
}

export function aHost(given: Partial<Host> = {}): Host {
  return {
    name: hostName('web01'),
    macs: [mac()],
    address: ip('10.77.0.11'),
    image: imageName('web'),
    channel: STABLE,
    cmdline: [],
    variables: {},
    source: { kind: 'file', path: 'hosts/web01.yml' },
    ...given,
  };
}

export function aSubnet(given: Partial<ServedSubnet> = {}): ServedSubnet {
  return {
    subnet: must(parseSubnet('10.77.0.0/24'), 'subnet'),
    mode: 'full',
    serverAddress: ip('10.77.0.1'),
    baseUrl: 'http://10.77.0.1',
    pool: must(parseRange('10.77.0.100-10.77.0.199'), 'pool'),
    router: ip('10.77.0.1'),
    dns: [ip('10.77.0.1')],
    domain: 'lab',
    leaseTime: 3600,
    relays: [],
    largestBlock: 1468,
    options: [],
    ...given,
  };
}

export function aPolicy(given: Partial<BootPolicy> = {}): BootPolicy {
  return {
    subnets: [aSubnet()],
    unknownHosts: { kind: 'ignore' },
    onFailure: 'retry',
    tokenLifetime: 3600,
    quirks: [],
    ...given,
  };
}

export function anImage(given: Partial<ImageDefinition> = {}): ImageDefinition {
  return {
    name: imageName('web'),
    parent: imageName('base'),
    source: { kind: 'suite', suite: 'trixie' },
    architecture: 'amd64',
    stages: [],
    kernel: 'linux-image-amd64',
    cmdline: [],
    outputs: [{ kind: 'netboot' }],
    architectures: ['amd64'],
    persist: [],
    clean: {},
    drivers: [],
    ...given,
  };
}

export function someSettings(given: Partial<ImageSettings> = {}): ImageSettings {
  return { ignoreStageInConffs: [], alwaysApplyStageInConffs: [], neverUpload: [], ...given };
}

export function aBuildRequest(given: Partial<BuildRequest> = {}): BuildRequest {
  return { image: imageName('web'), target: 'all', buildParents: 'all', ...given };
}

export function aRelease(given: Partial<NetbootRelease> = {}): NetbootRelease {
  return {
    schema: 2,
    image: imageName('web'),
    architecture: 'amd64',
    builder: 'test',
    output: 'netboot',
    kernelVersion: '6.12.48+deb13-amd64',
    kernel: artefact('1'),
    initramfs: artefact('2'),
    layers: [{ ...artefact('3'), stage: 'bootstrap', image: imageName('trixie'), contentId: '3'.repeat(64) }],
    cmdline: ['console=ttyS0'],
    files: [],
    ...given,
  };
}

export function channelName(text: string): ChannelName {
  const name = parseChannelName(text);
  if (name === undefined) throw new Error(`malformed channel "${text}"`);
  return name;
}

/** A release of NBPs: one file each. */
export function anNbpRelease(
  given: Partial<Omit<FilesRelease, 'files'>> & {
    readonly files?: readonly Omit<ReleaseFile, 'kind'>[];
  } = {},
): FilesRelease {
  const files = given.files ?? [
    { name: 'undionly.kpxe', ...artefact('b') },
    { name: 'snponly.efi', ...artefact('c') },
  ];
  return {
    schema: 2,
    image: imageName('nbp'),
    architecture: 'amd64',
    builder: 'test',
    output: 'files',
    layers: [],
    ...given,
    files: files.map((file) => ({ ...file, kind: 'files' })),
  };
}

export function aNamedRelease(
  given: Partial<NetbootRelease> = {},
  digit = 'd',
): NamedRelease<NetbootRelease> {
  return { digest: digest(digit), release: aRelease(given) };
}

export function aPublication(given: Partial<Publication> = {}): Publication {
  return {
    digest: digest('d'),
    release: aRelease(),
    image: imageName('web'),
    channel: STABLE,
    publishedAt: 1_700_000_000_000,
    ...given,
  };
}

export function aCatalogue(publications: readonly Publication[] = [aPublication()]): Catalogue {
  return { publications };
}

export function aLease(given: Partial<Lease> = {}): Lease {
  return {
    mac: mac(),
    address: ip('10.77.0.11'),
    expiresAt: 2_000_000_000_000,
    state: 'bound',
    ...given,
  };
}

const NO_FILES: HostFiles = { files: [], deletions: [] };

/** Host files by host name; hosts not named have none. */
export function hostFilesOf(files: Readonly<Record<string, HostFiles>> = {}): HostFilesSource {
  return { of: (host) => files[host] ?? NO_FILES };
}

export function aSnapshot(given: Partial<Snapshot> & { hosts?: readonly Host[] } = {}): Snapshot {
  const { hosts, ...rest } = given;
  return {
    inventory: inventoryOf(hosts ?? [aHost()]),
    catalogue: aCatalogue(),
    policy: aPolicy(),
    hostFiles: hostFilesOf(),
    hostLayers: { index: NO_HOST_LAYERS, earlier: () => [] },
    ...rest,
  };
}

function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`Test value is malformed: "${what}"`);
  return value;
}

/** A site with one host, `web01`, and the images `base` and `web`. */
export function aSite(given: Partial<Site> = {}): Site {
  return {
    file: '/etc/bivouac/bivouac.yml',
    directories: {
      data: '/var/lib/bivouac',
      images: '/etc/bivouac/images',
      hosts: '/etc/bivouac/hosts',
      boot: '/etc/bivouac/boot',
    },
    listen: { address: ip('10.77.0.1'), http: 80, tftp: 69, dhcp: 67 },
    web: { memory: 64 * 1024 * 1024, transfers: 64, grace: 30_000 },
    ansible: ansibleSettings({}, '/site'),
    recipes: recipeSettings({}, '/site'),
    tftp: { engine: 'auto', ports: 'single', window: 64, memory: 64 * 1024 * 1024, transfers: 4096 },
    build: { parallel: 2 },
    policy: aPolicy(),
    images: [anImage({ name: imageName('base') }), anImage()],
    imageSettings: someSettings(),
    hosts: [aHost()],
    hostFiles: hostFilesOf(),
    ...given,
  };
}
