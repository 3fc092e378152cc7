import type { Cpu } from '../../core/arch.ts';
import type { DiskKind, OutputDefinition, OutputKind, TarCompression } from '../../core/image.ts';
import { diskCpu } from '../disk/platform.ts';
import { isRootPublishedName } from '../outputs/names.ts';
import type { Path } from '../tree-fault.ts';
import { readPush } from './oci-push.ts';
import { isMapping, isPlainPath, type KeyContext, type Mapping, quote } from './reading.ts';

/** One output of the file: its kind, its options, and where it stands. */
export interface OutputEntry<Kind> {
  readonly kind: Kind;
  readonly value: unknown;
  readonly at: Path;
}

/** What options are read against. */
export interface OutputContext {
  readonly fault: KeyContext['fault'];
  readonly architectures: readonly Cpu[];
}

const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const SIZE = /^([1-9][0-9]{0,5})(MiB|GiB|TiB)$/;
const UNITS: Readonly<Record<string, number>> = { MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 };
/** What no useful root fits below, and what a sparse file of most file systems may have. */
const [MIN_SIZE, MAX_SIZE] = [256 * 1024 ** 2, 8 * 1024 ** 4];
const MAX_COMMAND = 100;
const COMPRESSIONS = ['none', 'gzip', 'xz', 'zstd'] as const;

/** Read one output; what is at fault is told and left out. */
export function readOutputEntry(
  entry: OutputEntry<OutputKind>,
  context: OutputContext,
): readonly OutputDefinition[] {
  const { kind } = entry;
  switch (kind) {
    case 'netboot':
    case 'squashfs':
      optionsOf(entry, [], context);
      return [{ kind }];
    case 'files':
      return [{ kind, files: readFiles(entry, context) }];
    case 'tar':
      return [{ kind, compression: readCompression(entry, context) }];
    case 'oci':
      return [readOci(entry, context)];
    case 'raw':
    case 'qcow2':
    case 'openstack':
    case 'vagrant':
      return readDisk({ ...entry, kind }, context);
  }
}

function optionsOf(
  { kind, value, at }: OutputEntry<OutputKind>,
  known: readonly string[],
  { fault }: OutputContext,
): Mapping {
  if (value === undefined || value === true) return {};
  const remedy = known.length === 0 ? 'Remove them' : `Options are ${known.join(', ')}`;
  if (!isMapping(value)) {
    fault(at, `Cannot read the options of output "${kind}": they are no mapping`, remedy);
    return {};
  }
  for (const key of Object.keys(value).filter((name) => !known.includes(name))) {
    fault([...at, key], `Cannot use option "${key}" of output "${kind}"`, remedy);
  }
  return value;
}

function readFiles({ value, at }: OutputEntry<'files' | OutputKind>, { fault }: OutputContext) {
  if (!isMapping(value) || Object.keys(value).length === 0) {
    fault(at, 'Cannot publish files: none are named', 'Write "outputs: {files: {NAME: /PATH}}"');
    return [];
  }
  return Object.entries(value).flatMap(([name, file]) => {
    const fileAt = [...at, name];
    if (!FILE_NAME.test(name)) {
      const remedy = 'Use letters, digits, ".", "_" and "-", at most 128';
      fault(fileAt, `Cannot publish a file as ${quote(name)}`, remedy);
    } else if (isRootPublishedName(name)) {
      fault(fileAt, `Cannot publish a file as "${name}": releases use that name`, 'Choose another name');
    } else if (typeof file === 'string' && isPlainPath(file)) {
      return [{ name, path: file }];
    } else {
      fault(fileAt, `Cannot take file ${quote(file)}`, 'Give an absolute path inside the root, without ".."');
    }
    return [];
  });
}

function readCompression(entry: OutputEntry<OutputKind>, context: OutputContext): TarCompression {
  const value = optionsOf(entry, ['compression'], context)['compression'];
  if (value === undefined) return 'zstd';
  const found = COMPRESSIONS.find((compression) => compression === value);
  if (found !== undefined) return found;
  const remedy = `Use ${COMPRESSIONS.join(', ')}`;
  context.fault([...entry.at, 'compression'], `Cannot compress by ${quote(value)}`, remedy);
  return 'zstd';
}

function readOci(entry: OutputEntry<OutputKind>, context: OutputContext): OutputDefinition {
  const options = optionsOf(entry, ['command', 'push'], context);
  const push = readPush(options['push'], { path: [...entry.at, 'push'], fault: context.fault });
  return {
    kind: 'oci',
    command: readCommand(options['command'], { ...entry, at: [...entry.at, 'command'] }, context),
    ...(push === undefined ? {} : { push }),
  };
}

function readCommand(
  value: unknown,
  { at }: OutputEntry<OutputKind>,
  { fault }: OutputContext,
): readonly string[] {
  if (value === undefined) return ['/bin/sh'];
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  const words = items.filter((item) => typeof item === 'string');
  if (words.length > 0 && words.length === items.length && words.length <= MAX_COMMAND) return words;
  fault(at, `Cannot use command ${quote(value)}`, 'Write it as a list: "[/usr/sbin/nginx, -g, daemon off;]"');
  return ['/bin/sh'];
}

function readDisk(entry: OutputEntry<DiskKind>, context: OutputContext): readonly OutputDefinition[] {
  const { kind, at } = entry;
  const value = optionsOf(entry, ['size'], context)['size'];
  const without = context.architectures.find((cpu) => diskCpu(cpu) === undefined);
  if (without !== undefined) {
    const message = `Cannot make output "${kind}" for "${without}": there is no boot loader for it`;
    context.fault(at, message, 'Disks are made for amd64 and arm64');
    return [];
  }
  if (value === undefined) return [{ kind }];
  const size = typeof value === 'string' ? parseSize(value) : undefined;
  if (size !== undefined) return [{ kind, size }];
  const remedy = 'Write a size from "256MiB" to "8TiB", such as "4GiB"';
  context.fault([...at, 'size'], `Cannot make a disk of ${quote(value)}`, remedy);
  return [{ kind }];
}

/** Parse `<number>MiB`, `GiB` or `TiB` into bytes; undefined when it has another form or is out of bounds. */
export function parseSize(text: string): number | undefined {
  const match = SIZE.exec(text);
  const size = Number(match?.[1]) * (UNITS[match?.[2] ?? ''] ?? Number.NaN);
  return size >= MIN_SIZE && size <= MAX_SIZE ? size : undefined;
}
