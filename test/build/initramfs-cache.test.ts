import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseContentId } from '../../src/build/content-id.ts';
import type { StepArgs } from '../../src/build/step.ts';
import type { StepContext } from '../../src/build/step-context.ts';
import { makeInitramfs } from '../../src/build/steps/make-initramfs.ts';
import { imageName } from '../builders.ts';
import { containerImageId } from '../fakes/container-engine.ts';
import { fakeSite } from './fake-site.ts';

const VERSION = '6.12.1-amd64';
const ROOT: Readonly<Record<string, string>> = {
  [`boot/vmlinuz-${VERSION}`]: 'kernel',
  [`usr/lib/modules/${VERSION}/kernel/fs/squashfs.ko.xz`]: 'module',
  'usr/lib/dracut/modules.d/60bivouac/boot.sh': 'boot',
  'etc/dracut.conf.d/60-bivouac.conf': 'compress=zstd',
  'usr/bin/busybox': 'busybox',
  'usr/bin/unrelated': 'unrelated',
};
const PACKED = [`usr/lib/modules/${VERSION}/kernel/fs/squashfs.ko.xz`, 'usr/bin/busybox'];
const ARGS: StepArgs['make-initramfs'] = {
  architecture: 'amd64',
  environment: { BIVOUAC_IMAGE: 'base', LC_ALL: 'C' },
  keys: [],
};

function write(root: string, files: Readonly<Record<string, string | Uint8Array | undefined>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (content === undefined) rmSync(join(root, path));
    else writeFileSync(join(root, path), content);
  }
}

/** Makes initramfs of roots that differ from `ROOT` by these files; counts what dracut was run for. */
function setUp() {
  const { site, engine, folder, cache, artefacts } = fakeSite();
  const state = { dracuts: 0, packed: {} as Record<string, string> };
  engine.onRun = async ({ argv }, root) => {
    state.dracuts += 1;
    expect(argv[0]).toBe('dracut');
    const collected = join(root, 'run/bivouac-dracut/dracut.dX1/initramfs');
    for (const path of PACKED) write(collected, { [path]: ROOT[path], ...state.packed });
    write(collected, { init: 'made by dracut' });
    const keys = join(root, 'etc/bivouac/keys');
    if (existsSync(keys)) cpSync(keys, join(collected, 'etc/bivouac/keys'), { recursive: true });
    write(root, { 'run/bivouac-initramfs.img': `initramfs ${state.dracuts}` });
  };
  let count = 0;
  const make = async (files: Readonly<Record<string, string | Uint8Array | undefined>> = {}, args = ARGS) => {
    count += 1;
    const image = containerImageId(`image-${count}`);
    engine.images.set(image, join(folder, `image-${count}`));
    const create = engine.create.bind(engine);
    engine.create = async (from) => {
      const container = await create(from);
      write(container.root, ROOT);
      symlinkSync('usr/lib', join(container.root, 'lib'));
      write(container.root, files);
      engine.create = create;
      return container;
    };
    const workFolder = join(folder, `work-${count}`);
    mkdirSync(workFolder);
    const step = { id: parseContentId('a'.repeat(64)), image: imageName('base'), stage: 'initramfs' };
    const signal = new AbortController().signal;
    const context: StepContext = {
      ...site.world,
      step,
      parent: image,
      workFolder,
      cache,
      log: () => undefined,
      signal,
    };
    return { result: await makeInitramfs(args, context), image };
  };
  return { make, state, artefacts };
}

describe('an initramfs', () => {
  it('is made once for roots that hold the same of what it is made from', async () => {
    const { make, state } = setUp();
    const first = await make();
    const second = await make(
      { 'usr/bin/unrelated': 'changed', 'etc/motd': 'new' },
      { ...ARGS, environment: { ...ARGS.environment, BIVOUAC_IMAGE: 'other' } },
    );
    expect(state.dracuts).toBe(1);
    expect(second.result).toEqual({ ...first.result, parent: second.image });
    expect(first.result).toMatchObject({ kind: 'initramfs', kernelVersion: VERSION });
  });

  it.each([
    ['a kernel module', { [`usr/lib/modules/${VERSION}/kernel/new.ko`]: 'x' }],
    ['the kernel', { [`boot/vmlinuz-${VERSION}`]: 'kernel of the same version' }],
    ['our dracut module', { 'usr/lib/dracut/modules.d/60bivouac/boot.sh': 'edited' }],
    ['the configuration', { 'etc/dracut.conf.d/70-site.conf': 'add_drivers+=" xfs "' }],
    ['a program that it packs', { 'usr/bin/busybox': 'newer' }],
    ['a program that went away', { 'usr/bin/busybox': undefined }],
    ['firmware', { 'usr/lib/firmware/card.bin': 'x' }],
    ['a library that would be found first', { 'usr/local/lib/libcurl.so.4': 'x' }],
  ])('is made anew when %s changes', async (_name, files) => {
    const { make, state } = setUp();
    await make();
    await make(files);
    expect(state.dracuts).toBe(2);
  });

  it('comes with a kernel that boot loaders of arm64 can start', async () => {
    const { make, artefacts } = setUp();
    const image = Buffer.alloc(4096);
    image.write('ARM\x64', 56, 'latin1');
    const args: typeof ARGS = { ...ARGS, architecture: 'arm64' };
    const { result } = await make({ [`boot/vmlinuz-${VERSION}`]: gzipSync(image) }, args);
    if (result.kind !== 'initramfs') throw new Error(result.kind);
    expect(Buffer.from(await artefacts.readAll(result.kernel.digest, 1e6)).equals(image)).toBe(true);
    await expect(make({ [`boot/vmlinuz-${VERSION}`]: 'no kernel' }, args)).rejects.toThrow('no arm64 Image');
  });

  it('is made anew for other keys, which it then names', async () => {
    const { make, state } = setUp();
    await make();
    const { result } = await make({}, { ...ARGS, keys: [{ keyId: 'k1', pem: 'PEM' }] });
    expect(state.dracuts).toBe(2);
    expect(result).toMatchObject({ keys: ['k1'] });
    await make({ 'etc/motd': 'new' }, { ...ARGS, keys: [{ keyId: 'k1', pem: 'PEM' }] });
    expect(state.dracuts).toBe(2);
  });

  it.each(['kernel', 'initramfs'] as const)(
    'is made anew when the file of its %s is damaged',
    async (which) => {
      const { make, state, artefacts } = setUp();
      const { result } = await make();
      if (result.kind !== 'initramfs') throw new Error(result.kind);
      const { digest, size } = result[which];
      artefacts.artefacts.set(digest, new Uint8Array(size));
      await make();
      expect(state.dracuts).toBe(2);
      expect(Buffer.from(await artefacts.readAll(result.kernel.digest, 1e6)).toString()).toBe('kernel');
    },
  );

  it('is refused with a kernel module that the root has not', async () => {
    const { make, state } = setUp();
    state.packed[`usr/lib/modules/${VERSION}/extra/other.ko`] = 'x';
    await expect(make()).rejects.toThrow(
      `kernel module "/usr/lib/modules/${VERSION}/extra/other.ko" is not the one`,
    );
  });
});
