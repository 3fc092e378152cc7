import type { Ipv4 } from '../core/address.ts';
import type { Digest } from '../core/artefact.ts';
import { AppError } from '../core/errors.ts';
import type { Host } from '../core/host.ts';
import type { NamedRelease, NetbootRelease } from '../core/release.ts';
import type { HostFile, HostFiles } from '../ports/host-files.ts';
import { type TarEntry, tarArchive } from '../wire/tar.ts';
import { type ConffsMember, conffsTree } from './conffs-tree.ts';
import type { HostIdentity } from './identity.ts';
import { renderTemplate, type TemplateVariables } from './template.ts';

/** All that the conffs of one host are made from. */
export interface HostConfigInput {
  readonly host: Host;
  readonly address: Ipv4;
  readonly domain: string | undefined;
  /** Base of the server's URLs. */
  readonly server: string;
  readonly named: NamedRelease<NetbootRelease>;
  readonly files: HostFiles;
  readonly identity: HostIdentity;
  /** What playbooks made for the host above this release. */
  readonly layer?: readonly TarEntry[];
  /** Bytes that conffs may have; `MAX_CONFFS_BYTES` unless given. */
  readonly limit?: number | undefined;
}

/** Conffs may take this much of a host's memory, in bytes, unless the configuration says otherwise. */
export const MAX_CONFFS_BYTES = 50 * 1024 * 1024;

/** Every file has this time, 2020-01-01: the same inputs make the same bytes. */
const MTIME = 1_577_836_800;

/**
 * The conffs of a host as an archive, in which deletions are overlayfs whiteouts. A pure function: the same inputs make
 * the same bytes. Throws `config-invalid`, naming the host, for files that contradict each other or do not render.
 */
export function conffsArchive(input: HostConfigInput): Uint8Array {
  const archive = tarArchive(conffsEntries(input), { mtime: MTIME });
  const { limit = MAX_CONFFS_BYTES } = input;
  if (archive.length > limit) {
    const reason = `they have ${archive.length} bytes, at most ${limit} are served`;
    throw new AppError('too-large', `Cannot make the conffs of host "${input.host.name}": ${reason}`, {
      remedy:
        'Put what many hosts share into a stage of their image, or raise "boot.conffs_size" in bivouac.yml',
    });
  }
  return archive;
}

/** The members of the archive: what the server makes itself, then what the host's folder holds, which wins. */
export function conffsEntries(input: HostConfigInput): readonly TarEntry[] {
  const variables = templateVariables(input);
  return conffsTree({
    host: input.host.name,
    layer: input.layer ?? [],
    generated: generatedMembers(input),
    declared: input.files.files.map((file) => declaredMember(file, input, variables)),
    deletions: input.files.deletions,
  });
}

/** What templates of host files may name. */
export function templateVariables(input: HostConfigInput): TemplateVariables {
  const { host, named } = input;
  return {
    host: {
      name: host.name,
      fqdn: fqdnOf(input),
      mac: host.macs[0],
      macs: host.macs,
      address: input.address,
      image: host.image,
      channel: host.channel,
    },
    variables: host.variables,
    image: host.image,
    address: input.address,
    domain: input.domain ?? '',
    server: input.server,
    release: named.digest,
    kernelVersion: named.release.kernelVersion,
  };
}

function declaredMember(file: HostFile, input: HostConfigInput, variables: TemplateVariables): ConffsMember {
  const { path, mode, uid, gid } = file;
  const place = { path, mode, uid, gid };
  switch (file.kind) {
    case 'directory':
      return { ...place, kind: 'directory' };
    case 'symlink':
      return { ...place, kind: 'symlink', target: file.target };
    case 'raw':
      return { ...place, kind: 'file', content: file.content };
    case 'file': {
      const name = `hosts/${input.host.name}${path}`;
      return {
        ...place,
        kind: 'file',
        content: utf8(renderTemplate({ name, text: file.template }, variables)),
      };
    }
  }
}

function generatedMembers(input: HostConfigInput): readonly ConffsMember[] {
  const { host, identity } = input;
  return [
    generated('/etc/hostname', 0o644, utf8(`${host.name}\n`)),
    generated('/etc/hosts', 0o644, utf8(hostsFile(input))),
    // machine-id(5): 32 hexadecimal digits and a newline, readable by all.
    generated('/etc/machine-id', 0o444, utf8(`${identity.machineId}\n`)),
    ...identity.sshKeys.flatMap(({ type, pair }) => [
      generated(`/etc/ssh/ssh_host_${type}_key`, 0o600, pair.privateKey),
      generated(`/etc/ssh/ssh_host_${type}_key.pub`, 0o644, pair.publicKey),
    ]),
  ];
}

function hostsFile(input: HostConfigInput): string {
  const fqdn = fqdnOf(input);
  const names = fqdn === input.host.name ? fqdn : `${fqdn} ${input.host.name}`;
  return [
    '127.0.0.1 localhost',
    `${input.address} ${names}`,
    '::1 localhost ip6-localhost ip6-loopback',
    'ff02::1 ip6-allnodes',
    'ff02::2 ip6-allrouters',
    '',
  ].join('\n');
}

function fqdnOf({ host, domain }: HostConfigInput): string {
  return domain === undefined ? host.name : `${host.name}.${domain}`;
}

function generated(path: string, mode: number, content: Uint8Array): ConffsMember {
  return { path, mode, uid: 0, gid: 0, kind: 'file', content };
}

function utf8(text: string): Uint8Array {
  return Buffer.from(text);
}

/** Rendered conffs and what they are named by. */
export interface Conffs {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}
