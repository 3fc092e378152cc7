import { createHash } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { commandRunner } from '../../../src/adapters/command.ts';
import { FsArtefactStore } from '../../../src/adapters/fs-artefact-store.ts';
import { parseContentId } from '../../../src/build/content-id.ts';
import { SOURCE_DATE_EPOCH } from '../../../src/build/environment.ts';
import type { DiskArgs } from '../../../src/build/step.ts';
import type { StepContext } from '../../../src/build/step-context.ts';
import { makeDisk } from '../../../src/build/steps/make-disk.ts';
import { imageName } from '../../builders.ts';
import { containerImageId } from '../../fakes/container-engine.ts';
import { describeWith } from '../../requirements.ts';
import { temporaryFolder } from '../../temporary.ts';
import { fakeSite } from '../fake-site.ts';

const PROGRAMS = [
  'root',
  'sfdisk',
  'mke2fs',
  'mformat',
  'mcopy',
  'grub-mkimage',
  'mksquashfs',
  'unshare',
  'qemu-img',
];
const NEEDS = [...PROGRAMS, '/usr/lib/grub/i386-pc/boot.img', '/usr/lib/grub/x86_64-efi'];
const VERSION = '6.12.1-amd64';

/** A root whose files were made in this order, as they are in layers: with times of before the epoch. */
function makeRoot(order: (names: string[]) => string[]): string {
  const root = temporaryFolder();
  for (const folder of ['boot', 'etc', `lib/modules/${VERSION}`, 'srv', 'sbin'])
    mkdirSync(join(root, folder), { recursive: true });
  const many = Array.from({ length: 300 }, (_, index) => `srv/file-${index}`);
  for (const name of order([`boot/vmlinuz-${VERSION}`, `boot/initrd.img-${VERSION}`, 'sbin/init', ...many])) {
    writeFileSync(join(root, name), createHash('sha512').update(name).digest().toString('hex').repeat(40));
    utimesSync(join(root, name), SOURCE_DATE_EPOCH - 5, SOURCE_DATE_EPOCH - 5);
  }
  chmodSync(join(root, 'sbin/init'), 0o4755);
  linkSync(join(root, 'srv/file-1'), join(root, 'srv/same'));
  symlinkSync('/sbin/init', join(root, 'srv/link'));
  return root;
}

/** SHA-256 of the disk that is made of a root, in a place of its own. */
async function diskOf(root: string, args: DiskArgs): Promise<string> {
  const folder = temporaryFolder();
  const artefacts = await FsArtefactStore.open(join(folder, 'artefacts'));
  const workFolder = join(folder, 'work');
  mkdirSync(workFolder);
  const { site, cache, engine } = fakeSite();
  const none = (): Promise<never> => Promise.reject(new Error('Nothing runs in it'));
  const container = { root, changes: root, run: none, commit: none, discard: () => Promise.resolve() };
  engine.create = () => Promise.resolve(container);
  const step = { id: parseContentId('a'.repeat(64)), image: imageName('disk'), stage: args.kind };
  const context: StepContext = {
    ...{ ...site.world, engine, artefacts, commands: commandRunner, step, cache, workFolder },
    ...{ parent: containerImageId('p'), log: () => undefined, signal: new AbortController().signal },
  };
  const result = await makeDisk(args, context);
  if (result.kind !== 'files') throw new Error(result.kind);
  const [file] = Object.values(result.files);
  if (file === undefined) throw new Error('no disk');
  const hex = createHash('sha256')
    .update(readFileSync(artefacts.pathOf(file.digest)))
    .digest('hex');
  expect(`sha256:${hex}`).toBe(file.digest);
  return hex;
}

describeWith(NEEDS, 'a disk', () => {
  it.each(['raw', 'qcow2'] as const)(
    'has the same bytes whenever and wherever it is made: %s',
    { timeout: 240_000 },
    async (kind) => {
      const args = { kind, cpu: 'amd64', cmdline: ['console=ttyS0'], size: 512 * 1024 * 1024 } as const;
      const first = await diskOf(
        makeRoot((names) => names),
        args,
      );
      await setTimeout(1100); // another second, for whatever writes the time
      expect(
        await diskOf(
          makeRoot((names) => names.toReversed()),
          args,
        ),
      ).toBe(first);
    },
  );
});
