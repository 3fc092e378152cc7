import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { commandRunner } from '../../../src/adapters/command.ts';
import { elfMachine, kernelFormat } from '../../../src/build/lint/binaries.ts';
import { exposedIn, letsIn } from '../../../src/build/lint/exposed.ts';
import { readInitramfs } from '../../../src/build/lint/initramfs.ts';
import { describeWith } from '../../requirements.ts';
import { temporaryFolder } from '../../temporary.ts';

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

describeWith(['busybox', 'ssh-keygen', 'openssl'], 'the lint, on files that other programs made', () => {
  it('reads the names of an initramfs: early archive, padding, compressed archive', async () => {
    const folder = temporaryFolder();
    for (const name of ['init', 'usr/lib/modules/6.1/kernel/loop.ko']) write(folder, name, name.repeat(3));
    const make = (input: string): Buffer =>
      execFileSync('busybox', ['cpio', '-o', '-H', 'newc'], {
        cwd: folder,
        input,
        stdio: ['pipe', 'pipe', 'ignore'],
      });
    const early = make('init\n');
    const main = make('usr\nusr/lib/modules/6.1/kernel/loop.ko\n');
    for (const compress of [zstdCompressSync, gzipSync, (bytes: Buffer) => bytes]) {
      const reading = await readInitramfs(Buffer.concat([early, Buffer.alloc(512), compress(main)]));
      expect(reading).toEqual({
        kind: 'names',
        names: ['init', 'usr', 'usr/lib/modules/6.1/kernel/loop.ko'],
      });
    }
    for (let length = 1; length < main.length; length += 97) {
      const cut = await readInitramfs(main.subarray(0, length));
      expect(cut.kind === 'names' ? cut.names.length : 3).toBeLessThanOrEqual(3);
    }
    expect(await readInitramfs(Buffer.from('\xfd7zXZ\0', 'latin1'))).toMatchObject({ kind: 'unreadable' });
  });

  it('finds keys and identities in a layer, and lets examples of packages be', async () => {
    const layer = temporaryFolder();
    mkdirSync(join(layer, 'etc/ssh'), { recursive: true });
    for (const path of ['etc/ssh/ssh_host_ed25519_key', 'srv/deploy']) {
      mkdirSync(dirname(join(layer, path)), { recursive: true });
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(layer, path)]);
    }
    const pem = execFileSync('openssl', ['genpkey', '-algorithm', 'ED25519'], { encoding: 'utf8' });
    write(layer, 'etc/ssl/private/web.key', pem);
    write(layer, 'usr/share/doc/example.pem', pem);
    write(layer, 'etc/note', 'say "-----BEGIN PRIVATE KEY-----" to begin\n');
    write(layer, 'etc/machine-id', `${'0123456789abcdef'.repeat(2)}\n`);
    expect(await exposedIn(layer, commandRunner)).toEqual([
      { kind: 'ssh-host-key', path: '/etc/ssh/ssh_host_ed25519_key' },
      { kind: 'private-key', path: '/etc/ssl/private/web.key' },
      { kind: 'private-key', path: '/srv/deploy' },
      { kind: 'machine-id', path: '/etc/machine-id' },
    ]);
    const key = readFileSync(join(layer, 'srv/deploy.pub'), 'utf8');
    write(layer, 'root/.ssh/authorized_keys', `ssh-ed25519 AAAAother other\n${key}`);
    expect(await letsIn(layer, [key.split(' ')[1] ?? ''])).toEqual([
      { kind: 'builder-key', path: '/root/.ssh/authorized_keys' },
    ]);
    expect(await exposedIn(temporaryFolder(), commandRunner)).toEqual([]);
  });

  it('knows what a program is for, and what a kernel is', () => {
    const machine = elfMachine(readFileSync(process.execPath).subarray(0, 64));
    expect(machine).toBe({ x64: 'amd64', arm64: 'arm64' }[process.arch as string]);
    expect(elfMachine(Buffer.from('#!/bin/sh\nexit 0\n'))).toBeUndefined();
    const kernel = (at: number, magic: string): Buffer => {
      const head = Buffer.alloc(1024);
      head.write(magic, at, 'latin1');
      return head;
    };
    expect(kernelFormat(kernel(0x202, 'HdrS'))).toBe('x86');
    expect(kernelFormat(kernel(56, 'ARMd'))).toBe('arm64');
    expect(kernelFormat(gzipSync(kernel(56, 'ARMd')))).toBe('compressed');
    expect(kernelFormat(kernel(4, 'zimg'))).toBe('compressed');
    expect(kernelFormat(Buffer.alloc(0))).toBe('other');
  });
});
