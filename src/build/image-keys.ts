import { posix } from 'node:path';
import type { Cpu } from '../core/arch.ts';
import type {
  ImageDefinition,
  OutputDefinition,
  OutputFileDefinition,
  RootSource,
  StageDefinition,
} from '../core/image.ts';
import { readStage } from './stage-kind.ts';
import type { Path, TreeOptions } from './tree-fault.ts';

/** What the keys of one image are read against. */
export interface KeyContext {
  readonly options: TreeOptions;
  readonly path: Path;
  readonly parent: ImageDefinition | undefined;
  readonly fault: (path: Path, message: string, remedy: string) => void;
}

type Mapping = Readonly<Record<string, unknown>>;

/** Keys of an image that mean something today. */
export const KNOWN_KEYS = ['name', 'stages', 'from', 'arch', 'kernel', 'cmdline', 'outputs'] as const;

const LATER_KEYS = ['conffs', 'branch', 'schedule', 'schedule_options', 'persist', 'squash_level', 'secrets'];
const RESERVED_KEYS: ReadonlySet<string> = new Set([...KNOWN_KEYS, ...LATER_KEYS]);

const DEBIAN_SUITES: ReadonlySet<string> = new Set(['bookworm', 'trixie', 'forky', 'duke', 'sid']);
const PACKAGE = /^[a-z0-9][a-z0-9+.-]{1,127}$/;
const OUTPUT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const KERNEL_ARGUMENT = /^[\x21-\x7e]+$/;

/** A value of the file for a message: quoted and cut, or the kind of thing it is. */
export function quote(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'a mapping';
  return String(value);
}

/** Whether a key of an image is a property and never a child image. */
export function isReservedKey(key: string): boolean {
  return RESERVED_KEYS.has(key);
}

/** Whether a value is a YAML mapping. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Read the properties of one image; what is at fault is reported and left at its default. */
export function readImageKeys(
  key: string,
  keys: Mapping,
  context: KeyContext,
): Omit<ImageDefinition, 'name' | 'parent'> {
  for (const later of LATER_KEYS.filter((name) => name in keys)) {
    const message = `Cannot use key "${later}": it comes with a later version`;
    context.fault([...context.path, later], message, 'Remove it');
  }
  const kernel = readKernel(keys, context) ?? context.parent?.kernel;
  return {
    source: readSource(key, keys, context),
    architecture: readArchitecture(keys, context),
    stages: readStages(keys, context),
    ...(kernel === undefined ? {} : { kernel }),
    cmdline: [...(context.parent?.cmdline ?? []), ...readCmdline(keys, context)],
    outputs: [readOutput(keys, context)],
  };
}

function readSource(key: string, keys: Mapping, { path, parent, fault }: KeyContext): RootSource {
  if (parent !== undefined) {
    if ('from' in keys) {
      const message = 'Cannot use "from" here: only a top-level image names its release';
      fault([...path, 'from'], message, `Remove it: the image is made from "${parent.name}"`);
    }
    return parent.source;
  }
  const suite = keys['from'] ?? key;
  if (typeof suite === 'string' && DEBIAN_SUITES.has(suite)) return { kind: 'suite', suite };
  const at = 'from' in keys ? [...path, 'from'] : path;
  const remedy = `Set "from" to one of ${[...DEBIAN_SUITES].join(', ')}`;
  fault(at, `Cannot make a root from ${quote(suite)}: it is no Debian suite`, remedy);
  return { kind: 'suite', suite: key };
}

function readArchitecture(keys: Mapping, { options, path, fault }: KeyContext): Cpu {
  const arch = keys['arch'];
  if (arch !== undefined && arch !== options.architecture) {
    const message = `Cannot build for ${quote(arch)}: this machine builds "${options.architecture}" only`;
    fault([...path, 'arch'], message, 'Remove "arch"; other architectures come with a later version');
  }
  return options.architecture;
}

function readStages(keys: Mapping, { options, path, fault }: KeyContext): readonly StageDefinition[] {
  return stringList('stages', keys, { path, fault }).flatMap(({ text, at }) => {
    const reading = readStage(text, options.directory, options.stat);
    if ('stage' in reading) return [reading.stage];
    fault(at, reading.fault, reading.remedy);
    return [];
  });
}

function readKernel(keys: Mapping, { path, fault }: KeyContext): string | undefined {
  const kernel = keys['kernel'];
  if (kernel === undefined) return undefined;
  if (typeof kernel === 'string' && PACKAGE.test(kernel)) return kernel;
  const message = `Cannot use kernel ${quote(kernel)}: it is no name of a Debian package`;
  fault([...path, 'kernel'], message, 'Name a package such as "linux-image-amd64"');
  return undefined;
}

function readCmdline(keys: Mapping, { path, fault }: KeyContext): readonly string[] {
  return stringList('cmdline', keys, { path, fault }).flatMap(({ text, at }) => {
    if (KERNEL_ARGUMENT.test(text)) return [text];
    const message = `Cannot use kernel argument ${quote(text)}`;
    fault(at, message, 'Give one argument per list item, printable ASCII without spaces');
    return [];
  });
}

function readOutput(keys: Mapping, { path, fault }: KeyContext): OutputDefinition {
  const outputs = keys['outputs'];
  if (outputs === undefined) return { kind: 'netboot' };
  const at = [...path, 'outputs'];
  if (!isMapping(outputs) || !isMapping(outputs['files'])) {
    fault(at, 'Cannot read "outputs": it has no mapping "files"', 'Write "outputs: {files: {NAME: /PATH}}"');
    return { kind: 'netboot' };
  }
  for (const key of Object.keys(outputs).filter((name) => name !== 'files')) {
    fault([...at, key], `Cannot make output "${key}": only "files" can be made today`, 'Remove it');
  }
  const entries = Object.entries(outputs['files']);
  if (entries.length === 0) fault([...at, 'files'], 'Cannot publish an empty list of files', 'Name a file');
  return {
    kind: 'files',
    files: entries.flatMap(([name, file]) => readOutputFile(name, file, { path: at, fault })),
  };
}

type Reporter = Pick<KeyContext, 'path' | 'fault'>;

function readOutputFile(
  name: string,
  file: unknown,
  { path, fault }: Reporter,
): readonly OutputFileDefinition[] {
  const at = [...path, 'files', name];
  if (!OUTPUT_NAME.test(name)) {
    fault(
      at,
      `Cannot publish a file as ${quote(name)}`,
      'Use letters, digits, ".", "_" and "-", at most 128',
    );
    return [];
  }
  if (typeof file === 'string' && file !== '/' && posix.isAbsolute(file) && posix.normalize(file) === file) {
    return [{ name, path: file }];
  }
  fault(at, `Cannot take file ${quote(file)}`, 'Give an absolute path inside the root, without ".."');
  return [];
}

/** A list of strings, or nothing; `null` is what YAML makes of a key without a value. */
function stringList(
  key: string,
  keys: Mapping,
  { path, fault }: Reporter,
): readonly { text: string; at: Path }[] {
  const value = keys[key] ?? [];
  if (!Array.isArray(value)) {
    fault([...path, key], `Cannot read "${key}": it is no list`, `Write "${key}: [ITEM, ITEM]"`);
    return [];
  }
  return value.flatMap((item: unknown, index) => {
    const at = [...path, key, index];
    if (typeof item === 'string') return [{ text: item, at }];
    fault(at, `Cannot read ${quote(item)} in "${key}": it is no text`, 'Put it in quotes');
    return [];
  });
}
