import type { HostConfigInput } from '../../src/boot/host-config.ts';
import type { HostFile, HostFiles } from '../../src/ports/host-files.ts';
import { SSH_KEY_TYPES } from '../../src/ports/key-maker.ts';
import { aHost, aNamedRelease, ip } from '../builders.ts';

/** A regular file of a host's folder. */
export function aFile(path: string, template = 'x\n', given: Partial<HostFile> = {}): HostFile {
  return { kind: 'file', path, template, mode: 0o644, uid: 0, gid: 0, ...given } as HostFile;
}

/** What web01's conffs are made from. */
export function aHostConfig(
  files: Partial<HostFiles> = {},
  given: Partial<HostConfigInput> = {},
): HostConfigInput {
  return {
    host: aHost({ variables: { greeting: 'hello' } }),
    address: ip('10.77.0.11'),
    domain: 'lab',
    server: 'http://10.77.0.1',
    named: aNamedRelease(),
    files: { files: [], deletions: [], ...files },
    identity: {
      machineId: '0123456789abcdef0123456789abcdef',
      sshKeys: SSH_KEY_TYPES.map((type) => ({
        type,
        pair: { privateKey: Buffer.from(`private ${type}\n`), publicKey: Buffer.from(`public ${type}\n`) },
      })),
    },
    ...given,
  };
}
