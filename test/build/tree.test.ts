import { describe, expect, it } from 'vitest';
import type { PathKind } from '../../src/build/stage-kind.ts';
import { imageTree } from '../../src/build/tree.ts';

const FILES: Readonly<Record<string, PathKind>> = {
  '/site/images/base/system.sh': 'file',
  '/site/images/base/files': 'directory',
  '/site/images/notes.txt': 'file',
  '/site/images/fifo.sh': 'other',
  '/site/boot/agent': 'directory',
};

function read(value: unknown) {
  return imageTree(value, { directory: '/site/images', architecture: 'amd64', stat: (path) => FILES[path] });
}

function faultsOf(value: unknown): readonly string[] {
  return read(value).faults.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('imageTree', () => {
  it('takes a kernel package, or one version of it', () => {
    const kernelOf = (kernel: string) => read({ trixie: { base: { kernel } } }).images[1]?.kernel;
    for (const good of [
      'linux-image-arm64',
      'linux-image-amd64=6.12.48-1',
      'linux-image-6.12.48+deb13-amd64=1:6.12~rc1',
    ]) {
      expect(kernelOf(good)).toBe(good);
    }
    for (const bad of ['linux image', '--yes', 'linux-image-amd64=', 'linux-image-amd64=6;reboot', '=6.12']) {
      expect(kernelOf(bad)).toBeUndefined();
      expect(faultsOf({ trixie: { base: { kernel: bad } } })).toHaveLength(1);
    }
  });

  it('makes an image of every mapping, parents first, and hands down what children inherit', () => {
    const { images, faults } = read({
      trixie: {
        nbp: { outputs: { files: { 'ipxe.efi': '/usr/lib/ipxe/ipxe.efi' } } },
        base: {
          kernel: 'linux-image-amd64',
          cmdline: ['console=ttyS0'],
          stages: ['base/system.sh', 'base/files', '../boot/agent'],
          web: { cmdline: ['quiet'], stages: null },
        },
      },
    });
    expect(faults).toEqual([]);
    expect(images.map(({ name, parent }) => [name, parent])).toEqual([
      ['trixie', undefined],
      ['nbp', 'trixie'],
      ['base', 'trixie'],
      ['web', 'base'],
    ]);
    const [, nbp, base, web] = images;
    expect(nbp?.outputs[0]).toEqual({
      kind: 'files',
      files: [{ name: 'ipxe.efi', path: '/usr/lib/ipxe/ipxe.efi' }],
    });
    expect(base?.stages).toEqual([
      { kind: 'script', name: 'base/system.sh', path: '/site/images/base/system.sh' },
      { kind: 'files', name: 'base/files', path: '/site/images/base/files' },
      { kind: 'files', name: '../boot/agent', path: '/site/boot/agent' },
    ]);
    expect(web).toMatchObject({
      source: { kind: 'suite', suite: 'trixie' },
      architecture: 'amd64',
      kernel: 'linux-image-amd64',
      cmdline: ['console=ttyS0', 'quiet'],
      stages: [],
      outputs: [{ kind: 'netboot' }],
    });
  });

  it('lets "name" and "from" override the key', () => {
    const { images, faults } = read({ 'debian-13': { name: 'd13', from: 'trixie' } });
    expect(faults).toEqual([]);
    expect(images).toMatchObject([{ name: 'd13', source: { suite: 'trixie' } }]);
  });

  it('reports all faults at once, each with its path and a remedy', () => {
    const tree = read({
      trixie: {
        Web: {},
        a: { stages: ['nowhere.sh', 5], kernel: 'Bad Name' },
        b: { a: {} },
        colour: 'red',
      },
      lenny: {},
    });
    const lines = tree.faults.map(({ path, message }) => `${path.join('.')}: ${message}`);
    expect(lines.toSorted()).toEqual([
      'lenny: Cannot make a root from "lenny"',
      'trixie.Web: Cannot name an image "Web"',
      'trixie.a.kernel: Cannot use kernel "Bad Name": it is no name of a Debian package',
      'trixie.a.stages.0: Cannot find stage "nowhere.sh"',
      'trixie.a.stages.1: Cannot read 5 in "stages": it is no text',
      'trixie.b.a: Cannot define image "a" twice',
      'trixie.colour: Cannot use key "colour": it is neither known nor a child image',
    ]);
    expect(tree.faults.every(({ remedy }) => remedy.length > 0)).toBe(true);
  });

  it('takes schedule_options for no child, and fills in what it leaves out', () => {
    const { images, faults } = read({ trixie: { web: { schedule_options: {} } } });
    expect(faults).toEqual([]);
    expect(images.map(({ name }) => name)).toEqual(['trixie', 'web']);
    expect(images[1]?.scheduleOptions).toEqual({ target: 'all', buildParents: 0 });
  });

  it('does not run in circles when an alias makes an image stand in itself', () => {
    const base: Record<string, unknown> = {};
    base['web'] = base;
    expect(faultsOf({ trixie: { base } })).toEqual([
      'trixie.base.web: Cannot read image "web": it stands below itself, by an alias',
    ]);
  });

  it.each([
    [{ trixie: { base: { from: 'bookworm' } } }, 'trixie.base.from'],
    [{ trixie: { arch: 'arm' } }, 'trixie.arch'],
    [{ trixie: { stages: 'a.sh' } }, 'trixie.stages'],
    [{ trixie: { cmdline: ['a b'] } }, 'trixie.cmdline.0'],
    [{ trixie: { outputs: { rootfs: true } } }, 'trixie.outputs.rootfs'],
    [{ trixie: { outputs: { files: {} } } }, 'trixie.outputs.files'],
    [{ trixie: { outputs: { files: { a: '/x' }, rootfs: {} } } }, 'trixie.outputs.rootfs'],
    [{ trixie: { outputs: { files: { '../a': '/x' } } } }, 'trixie.outputs.files.../a'],
    [{ trixie: { outputs: { files: { a: '/x/../y' } } } }, 'trixie.outputs.files.a'],
    [{ trixie: { outputs: { files: { a: 'x' } } } }, 'trixie.outputs.files.a'],
    [{ configuration: [] }, 'configuration'],
    [{ configuration: { never_upload: 'web' } }, 'configuration.never_upload'],
    [{ configuration: { never_upload: ['wbe'] } }, 'configuration.never_upload.0'],
    [
      { configuration: { always_apply_stage_in_conffs: ['no.sh'] } },
      'configuration.always_apply_stage_in_conffs.0',
    ],
    [
      { configuration: { always_apply_stage_in_conffs: ['base/system.sh'] } },
      'configuration.always_apply_stage_in_conffs.0',
    ],
    [{ configuration: { colour: [] } }, 'configuration.colour'],
    [{ trixie: { stages: ['base/system.sh'] } }, 'trixie.stages.0'],
    [{ trixie: { '<<': { stages: [] } } }, 'trixie.<<'],
    [{ trixie: { '<<': [{ stages: [] }] } }, 'trixie.<<'],
    [{ trixie: { conffs: ' ' } }, 'trixie.conffs'],
    [{ trixie: { conffs: ',:' } }, 'trixie.conffs'],
    [{ trixie: { conffs: ['web'] } }, 'trixie.conffs'],
    [{ trixie: { conffs: '!' } }, 'trixie.conffs'],
    [{ trixie: { conffs: 'web*:&' } }, 'trixie.conffs'],
    [{ trixie: { conffs: 'web*, !, db*' } }, 'trixie.conffs'],
    [{ trixie: { conffs: '~' } }, 'trixie.conffs'],
    [{ trixie: { branch: '--upload-pack=x' } }, 'trixie.branch'],
    [{ trixie: { branch: 'a..b' } }, 'trixie.branch'],
    [{ trixie: { branch: 7 } }, 'trixie.branch'],
    [{ trixie: { schedule: 5 } }, 'trixie.schedule'],
    [{ trixie: { schedule_options: { stage: 'roots' } } }, 'trixie.schedule_options.stage'],
    [{ trixie: { schedule_options: { build_parents: 1.5 } } }, 'trixie.schedule_options.build_parents'],
    [{ trixie: { schedule_options: { colour: 1 } } }, 'trixie.schedule_options.colour'],
    [{ trixie: { schedule_options: [] } }, 'trixie.schedule_options'],
    [{ trixie: { persist: ['var'] } }, 'trixie.persist.0'],
    [{ trixie: { persist: ['/'] } }, 'trixie.persist.0'],
    [{ trixie: { squash_level: 23 } }, 'trixie.squash_level'],
    [{ trixie: { secrets: { x: '/a' } } }, 'trixie.secrets'],
    [{ trixie: { clean: { logfiles: 'yes' } } }, 'trixie.clean.logfiles'],
    [{ trixie: { clean: { '': true } } }, 'trixie.clean.'],
    [{ trixie: { clean: { toString: true } } }, 'trixie.clean.toString'],
    [{ trixie: { drivers: ['../x'] } }, 'trixie.drivers.0'],
    [{ trixie: { arch: [] } }, 'trixie.arch'],
    [{ trixie: { arch: ['amd64', 'mips'] } }, 'trixie.arch.1'],
    [{ trixie: { arch: ['arm64', 'arm64'] } }, 'trixie.arch.1'],
    [{ trixie: { a: { arch: 'arm64' } } }, 'trixie.a.arch'],
    [{ trixie: null }, 'trixie'],
    [[], ''],
    [null, ''],
  ])('finds the fault in %j', (value, path) => {
    expect(read(value).faults.map((fault) => fault.path.join('.'))).toEqual([path]);
  });

  it.each([{ branch: 12 }, { branch: 1.5 }, { name: 2026 }])('has the number of %j put in quotes', (keys) => {
    expect(read({ trixie: keys }).faults.map(({ remedy }) => remedy)).toEqual(['Put it in quotes']);
  });

  it.each(['web*,!web9', '~(web|db).*', 'web[1:3]:&up:!~x', '!web1', 'a,,b', '2001:db8::1', 'web[!a]'])(
    'takes host pattern %j',
    (conffs) => {
      expect(read({ trixie: { base: { conffs } } }).faults).toEqual([]);
    },
  );

  it('bounds depth, number and messages', () => {
    let deep: object = {};
    for (let level = 0; level < 100; level += 1) deep = { [`i${level}`]: deep };
    expect(read({ trixie: deep }).faults[0]?.message).toMatch(/the tree is too large$/);
    const many = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`i${index}`, {}]));
    expect(read({ trixie: many }).faults[0]?.message).toMatch(/the tree is too large$/);
    expect(read({ trixie: many }).faults).toHaveLength(500);
    expect(faultsOf({ trixie: { kernel: 'X'.repeat(100_000) } })[0]?.length).toBeLessThan(300);
  });

  it('is not fooled by names of object prototypes', () => {
    const tree = read(JSON.parse('{"trixie": {"__proto__": {}, "constructor": {}}}'));
    expect(tree.images.map(({ name }) => name)).toEqual(['trixie', 'constructor']);
    expect(tree.faults.map(({ message }) => message)).toEqual(['Cannot name an image "__proto__"']);
  });
});
