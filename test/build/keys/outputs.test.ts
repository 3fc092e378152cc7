import { describe, expect, it } from 'vitest';
import { parseSize } from '../../../src/build/keys/output-options.ts';
import { imageTree } from '../../../src/build/tree.ts';
import type { Cpu } from '../../../src/core/arch.ts';

function read(outputs: unknown, architecture: Cpu = 'amd64') {
  const tree = imageTree({ trixie: { outputs } }, { directory: '/i', architecture, stat: () => undefined });
  return { outputs: tree.images[0]?.outputs, faults: tree.faults };
}

const GIB = 1024 ** 3;

describe('outputs', () => {
  it('are a bootable root unless told otherwise', () => {
    expect(read(undefined)).toEqual({ outputs: [{ kind: 'netboot' }], faults: [] });
  });

  it('are a list of kinds', () => {
    const kinds = ['netboot', 'squashfs', 'tar', 'oci', 'raw', 'qcow2', 'openstack', 'vagrant'];
    const { outputs, faults } = read(kinds);
    expect(faults).toEqual([]);
    expect(outputs?.map(({ kind }) => kind)).toEqual(kinds);
    expect(outputs).toContainEqual({ kind: 'tar', compression: 'zstd' });
    expect(outputs).toContainEqual({ kind: 'oci', command: ['/bin/sh'] });
  });

  it('are a mapping of kinds and options', () => {
    const push = { to: 'docker://127.0.0.1:5000/x/web:1', auth_file: '/etc/auth.json', verify_tls: false };
    const { outputs, faults } = read({
      netboot: null,
      tar: { compression: 'none' },
      qcow2: { size: '4GiB' },
      oci: { command: ['/usr/sbin/nginx'], push },
      files: { a: '/x' },
    });
    expect(faults).toEqual([]);
    expect(outputs).toEqual([
      { kind: 'netboot' },
      { kind: 'tar', compression: 'none' },
      { kind: 'qcow2', size: 4 * GIB },
      {
        kind: 'oci',
        command: ['/usr/sbin/nginx'],
        push: { to: 'docker://127.0.0.1:5000/x/web:1', authFile: '/etc/auth.json', verifyTls: false },
      },
      { kind: 'files', files: [{ name: 'a', path: '/x' }] },
    ]);
  });

  it('are a list in which some kinds have options', () => {
    const { outputs, faults } = read([
      'netboot',
      { raw: { size: '512MiB' } },
      { oci: { push: 'docker://r/x' } },
    ]);
    expect(faults).toEqual([]);
    expect(outputs).toMatchObject([
      { kind: 'netboot' },
      { kind: 'raw', size: GIB / 2 },
      { kind: 'oci', push: { to: 'docker://r/x', verifyTls: true } },
    ]);
  });

  it.each([
    ['qcow2', 'outputs', 'Cannot read "outputs": it is "qcow2"'],
    [[], 'outputs', 'Cannot publish without any output'],
    [{}, 'outputs', 'Cannot publish without any output'],
    [[7], 'outputs.0', 'Cannot read 7 in "outputs": it is no kind of output'],
    [['iso'], 'outputs.0', 'Cannot make output "iso": there is no such kind'],
    [{ toString: {} }, 'outputs.toString', 'Cannot make output "toString": there is no such kind'],
    [['tar', { tar: {} }], 'outputs.1.tar', 'Cannot make output "tar" twice'],
    [['files'], 'outputs.0', 'Cannot publish files: none are named'],
    [
      { files: { 'disk.raw': '/x' } },
      'outputs.files.disk.raw',
      'Cannot publish a file as "disk.raw": releases use that name',
    ],
    [{ squashfs: { level: 1 } }, 'outputs.squashfs.level', 'Cannot use option "level" of output "squashfs"'],
    [{ raw: '4GiB' }, 'outputs.raw', 'Cannot read the options of output "raw": they are no mapping'],
    [{ raw: { size: 4 } }, 'outputs.raw.size', 'Cannot make a disk of 4'],
    [{ raw: { size: '4GB' } }, 'outputs.raw.size', 'Cannot make a disk of "4GB"'],
    [{ tar: { compression: 'zip' } }, 'outputs.tar.compression', 'Cannot compress by "zip"'],
    [{ oci: { command: 'sh' } }, 'outputs.oci.command', 'Cannot use command "sh"'],
    [{ oci: { push: 'http://r/x' } }, 'outputs.oci.push', 'Cannot push there: it is no destination'],
    [
      { oci: { push: { to: 'docker://r/x', token: 'a' } } },
      'outputs.oci.push.token',
      'Cannot use option "token" of "push"',
    ],
    [
      { oci: { push: { to: 'docker://r/x', auth_file: 'a' } } },
      'outputs.oci.push.auth_file',
      'Cannot read credentials from "a"',
    ],
  ])('finds the fault in %j', (outputs, path, message) => {
    const { faults } = read(outputs);
    expect(faults.map((fault) => [fault.path.slice(1).join('.'), fault.message])).toEqual([[path, message]]);
  });

  it('never repeats what may be a password', () => {
    const { faults } = read({ oci: { push: 'docker://me:secret@r/x' } });
    expect(faults).toHaveLength(1);
    expect(JSON.stringify(faults)).not.toContain('secret');
  });

  it('says that there is no disk without a boot loader', () => {
    expect(read(['qcow2'], 'riscv64').faults.map(({ message }) => message)).toEqual([
      'Cannot make output "qcow2" for "riscv64": there is no boot loader for it',
    ]);
    expect(read(['qcow2', 'tar'], 'arm64').faults).toEqual([]);
  });

  it.each([
    ['256MiB', 256 * 1024 ** 2],
    ['8TiB', 8 * 1024 ** 4],
    ['255MiB', undefined],
    ['9TiB', undefined],
    ['04GiB', undefined],
    ['4', undefined],
  ])('takes size %s as %s bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });
});
