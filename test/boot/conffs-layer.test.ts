import { describe, expect, it } from 'vitest';
import { conffsEntries } from '../../src/boot/host-config.ts';
import type { TarEntry } from '../../src/wire/tar.ts';
import { aFile, aHostConfig } from './host-config-fixture.ts';

const OWNER = { mode: 0o640, uid: 7, gid: 8 };

function file(path: string, text = 'layer'): TarEntry {
  return { ...OWNER, path, kind: 'file', content: Buffer.from(text) };
}

function directory(path: string): TarEntry {
  return { path, mode: 0o2750, uid: 7, gid: 8, kind: 'directory' };
}

function whiteout(path: string): TarEntry {
  return { path, mode: 0, uid: 0, gid: 0, kind: 'character-device', major: 0, minor: 0 };
}

function link(path: string, target: string): TarEntry {
  return { ...OWNER, path, kind: 'hard-link', target };
}

function shown(
  layer: readonly TarEntry[],
  files: Parameters<typeof aHostConfig>[0] = {},
): ReadonlyMap<string, string> {
  const entries = conffsEntries(aHostConfig(files, { layer }));
  return new Map(
    entries.map((entry) => {
      const content = entry.kind === 'file' ? Buffer.from(entry.content).toString().trim() : '';
      const target = entry.kind === 'hard-link' ? entry.target : '';
      return [entry.path, `${entry.kind} ${entry.mode.toString(8)} ${content}${target}`.trim()];
    }),
  );
}

describe('a host layer in the conffs of its host', () => {
  it('is below the files of the host’s folder, and above names that the server makes up', () => {
    const layer = [directory('etc'), file('etc/hosts'), file('etc/motd'), file('srv/x')];
    const entries = shown(layer, { files: [aFile('/etc/motd', 'folder')] });
    expect(entries.get('etc/motd')).toBe('file 644 folder');
    expect(entries.get('etc/hosts')).toBe('file 640 layer');
    expect(entries.get('srv/x')).toBe('file 640 layer');
    expect(entries.get('etc/hostname')).toBe('file 644 web01');
  });

  it('never brings the keys or the identity of the host', () => {
    const layer = [file('etc/ssh/ssh_host_rsa_key', 'other'), file('etc/machine-id', 'other')];
    const entries = shown(layer);
    // Such a path is left out when the layer is made; were one there, its keys would not be those of the secret store.
    expect(entries.get('etc/ssh/ssh_host_ed25519_key')).toBe('file 600 private ed25519');
  });

  it('gives directories their mode, also where the folder has a file in them', () => {
    const entries = shown([directory('srv'), directory('srv/app')], { files: [aFile('/srv/app/x')] });
    expect(entries.get('srv/app')).toBe('directory 2750');
  });

  it('gives way to what the folder puts in the place of a directory, or deletes', () => {
    const layer = [directory('srv'), directory('srv/app'), file('srv/app/x'), file('srv/y')];
    const entries = shown(layer, { files: [aFile('/srv/app')], deletions: ['/srv/y'] });
    expect(entries.get('srv/app')).toBe('file 644 x');
    expect(entries.has('srv/app/x')).toBe(false);
    expect(entries.get('srv/y')).toBe('character-device 0');
  });

  it('hides what a playbook deleted, unless the folder brings it back', () => {
    const layer = [whiteout('srv/gone'), whiteout('srv/back')];
    const entries = shown(layer, { files: [aFile('/srv/back')] });
    expect(entries.get('srv/gone')).toBe('character-device 0');
    expect(entries.get('srv/back')).toBe('file 644 x');
  });

  it('keeps the content of a file with several names when its first name is replaced', () => {
    const layer = [file('srv/a', 'shared'), link('srv/b', 'srv/a'), link('srv/c', 'srv/a')];
    expect(shown(layer).get('srv/b')).toBe('hard-link 640 srv/a');
    const entries = shown(layer, { files: [aFile('/srv/a')] });
    expect(entries.get('srv/b')).toBe('file 640 shared');
    expect(entries.get('srv/c')).toBe('hard-link 640 srv/b');
  });
});
