import type { Cpu } from '../../core/arch.ts';
import type { ImageDefinition } from '../../core/image.ts';
import { isPackageVersion } from '../../core/package.ts';
import type { Architectures } from './architectures.ts';
import { isMapping, type KeyContext, type Mapping, quote } from './reading.ts';

type Kernels = Pick<ImageDefinition, 'kernel' | 'kernels'>;

const PACKAGE = /^[a-z0-9][a-z0-9+.-]{1,127}$/;

/** `kernel`: a package, or a mapping of architectures to packages; the parent's unless given. */
export function readKernels(keys: Mapping, architectures: Architectures, context: KeyContext): Kernels {
  const { path, parent } = context;
  const value = keys['kernel'];
  const at = [...path, 'kernel'];
  if (isMapping(value))
    return kernelsOf(architectures, { kernels: readMapping(value, architectures, context) });
  const own = value === undefined ? undefined : readPackage(value, at, context);
  return own === undefined ? kernelsOf(architectures, parent ?? {}) : { kernel: own };
}

function readMapping(
  value: Mapping,
  architectures: Architectures,
  context: KeyContext,
): NonNullable<Kernels['kernels']> {
  const at = [...context.path, 'kernel'];
  const kernels: Partial<Record<Cpu, string>> = {};
  for (const [name, item] of Object.entries(value)) {
    const cpu = architectures.find((each) => each === name);
    const own = cpu === undefined ? undefined : readPackage(item, [...at, name], context);
    if (cpu !== undefined && own !== undefined) kernels[cpu] = own;
    if (cpu !== undefined) continue;
    const message = `Cannot use a kernel for ${quote(name)}: the image is for ${architectures.join(', ')}`;
    context.fault([...at, name], message, 'Remove it, or add the architecture to "arch"');
  }
  const missing = architectures.filter((cpu) => !(cpu in value));
  if (missing.length > 0) {
    const message = `Cannot choose a kernel for ${missing.join(', ')}: none is named`;
    context.fault(at, message, 'Name one for each of "arch"');
  }
  return kernels;
}

function kernelsOf([first]: Architectures, { kernels, kernel: single }: Kernels): Kernels {
  const kernel = kernels?.[first] ?? single;
  return { ...(kernel === undefined ? {} : { kernel }), ...(kernels === undefined ? {} : { kernels }) };
}

function readPackage(
  value: unknown,
  at: readonly (string | number)[],
  { fault }: KeyContext,
): string | undefined {
  if (typeof value === 'string' && isKernel(value)) return value;
  const message = `Cannot use kernel ${quote(value)}: it is no name of a Debian package`;
  fault(at, message, 'Name a package such as "linux-image-amd64", with "=VERSION" for one version of it');
  return undefined;
}

/** A package, and with `=` the version of it, as apt-get takes them. */
function isKernel(text: string): boolean {
  const [name = '', version, ...more] = text.split('=');
  return PACKAGE.test(name) && more.length === 0 && (version === undefined || isPackageVersion(version));
}
