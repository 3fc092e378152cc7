import { open, readdir, readFile, stat } from 'node:fs/promises';
import type { Digest } from '../../core/artefact.ts';
import type { ImageDefinition } from '../../core/image.ts';
import type { ArtefactStore } from '../../ports/artefact-store.ts';
import type { StepResult } from '../../ports/build-cache.ts';
import type { ContainerEngine } from '../../ports/container-engine.ts';
import { findInRoot } from '../find-in-root.ts';
import type { KnownResults, Plan } from '../plan.ts';
import { pathInRoot } from '../root-path.ts';
import { targetOf } from '../selection.ts';
import { elfMachine, HEAD_SIZE, kernelFormat } from './binaries.ts';
import { letsIn } from './exposed.ts';
import { type InitramfsReading, readInitramfs } from './initramfs.ts';
import { type BootFacts, driversAmong, type ImageFacts } from './rules.ts';

/** A finished build: the image and what its steps made. */
export interface BuiltRoot {
  readonly target: ImageDefinition;
  readonly results: readonly StepResult[];
}

/** Largest text that is read: a package database of ten thousand packages has 20 MB. */
const MAX_TEXT = 64 * 1024 ** 2;
const MAX_INITRAMFS = 512 * 1024 ** 2;
/** Public keys of whoever runs the builder. */
const OWN_KEYS = '.ssh/*.pub';

/** What a plan that was carried out has made. */
export function builtRoot(plan: Plan, results: KnownResults): BuiltRoot {
  return { target: targetOf(plan.chain), results: plan.steps.flatMap(({ id }) => results.get(id) ?? []) };
}

/** What looking at a finished build needs. */
export interface LintWorld {
  readonly engine: Pick<ContainerEngine, 'create'>;
  readonly artefacts: Pick<ArtefactStore, 'open' | 'readAll'>;
}

/** Collect what the rules look at; the root is mounted for that and let go of again. */
export async function collectFacts({ target, results }: BuiltRoot, world: LintWorld): Promise<ImageFacts> {
  const layers = results.filter((result) => result.kind === 'layer');
  const top = layers.at(-1);
  const { architecture, drivers } = target;
  const exposed = layers.flatMap((layer) => layer.exposed ?? []);
  if (top === undefined)
    return { architecture, drivers, exposed, boot: undefined, init: undefined, dpkg: undefined };
  const container = await world.engine.create(top.container);
  try {
    const { root } = container;
    const own = await letsIn(root, await ownKeys());
    const initramfs = results.findLast((result) => result.kind === 'initramfs');
    const boot = initramfs === undefined ? undefined : await bootFacts(root, initramfs, world);
    const [init, dpkg] = [await initOf(root), await dpkgOf(root)];
    return { architecture, drivers, exposed: [...exposed, ...own], boot, init, dpkg };
  } finally {
    await container.discard();
  }
}

async function bootFacts(
  root: string,
  made: Extract<StepResult, { kind: 'initramfs' }>,
  { artefacts }: LintWorld,
): Promise<BootFacts> {
  const { kernelVersion } = made;
  const modules = `/lib/modules/${kernelVersion}`;
  const dependencies = linesOf(await textAt(root, `${modules}/modules.dep`));
  return {
    kernelVersion,
    format: kernelFormat(await headOf(made.kernel.digest, artefacts)),
    kernels: (await namesAt(root, '/boot')).flatMap((name) => /^vmlinuz-(.+)$/.exec(name)?.[1] ?? []),
    modules: await namesAt(root, '/lib/modules'),
    rootDrivers: driversAmong(dependencies.map((line) => line.split(':', 1)[0] ?? '')),
    builtin: driversAmong(linesOf(await textAt(root, `${modules}/modules.builtin`))),
    initramfs: await initramfsOf(made.initramfs.digest, artefacts),
  };
}

async function headOf(digest: Digest, artefacts: LintWorld['artefacts']): Promise<Buffer> {
  const artefact = await artefacts.open(digest);
  try {
    const head = Buffer.alloc(HEAD_SIZE);
    await artefact.read(head, 0);
    return head;
  } finally {
    await artefact.close();
  }
}

async function initramfsOf(digest: Digest, artefacts: LintWorld['artefacts']): Promise<InitramfsReading> {
  return await readInitramfs(Buffer.from(await artefacts.readAll(digest, MAX_INITRAMFS)));
}

async function initOf(root: string): Promise<string | undefined> {
  const file = await open(await pathInRoot(root, '/sbin/init')).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_SIZE), 0, HEAD_SIZE, 0);
    return elfMachine(buffer.subarray(0, bytesRead)) ?? 'script';
  } catch {
    return undefined; // a directory
  } finally {
    await file.close();
  }
}

async function dpkgOf(root: string): Promise<string | undefined> {
  const status = await textAt(root, '/var/lib/dpkg/status');
  const entry = /^Package: dpkg\n(?:[^\n]+\n)*/m.exec(status)?.[0] ?? '';
  return /^Architecture: (\S+)$/m.exec(entry)?.[1];
}

async function ownKeys(): Promise<readonly string[]> {
  const home = process.env['HOME'] ?? '/root';
  const files = await findInRoot(home, OWN_KEYS);
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.flatMap((text) => /^\S+ (AAAA\S+)/.exec(text)?.[1] ?? []);
}

async function namesAt(root: string, path: string): Promise<readonly string[]> {
  return (await readdir(await pathInRoot(root, path)).catch(() => [])).sort();
}

/** Empty where there is none, or one that is too large to be what it should. */
async function textAt(root: string, path: string): Promise<string> {
  const file = await pathInRoot(root, path);
  const info = await stat(file).catch(() => undefined);
  if (info?.isFile() !== true || info.size > MAX_TEXT) return '';
  return await readFile(file, 'latin1');
}

function linesOf(text: string): readonly string[] {
  return text.split('\n');
}
