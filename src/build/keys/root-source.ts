import { basename, resolve } from 'node:path';
import type { RootFormat, RootSource, SuiteSource } from '../../core/image.ts';
import { distributionOf, suitesOf } from '../../core/suites.ts';
import { type KeyContext, type Mapping, quote, stringList } from './reading.ts';

/** Keys that say what the root of a release master is made from. */
export const SOURCE_KEYS = ['from', 'url', 'sha512sums', 'include', 'mirror'] as const;

const FORMATS: readonly (readonly [form: RegExp, format: RootFormat])[] = [
  [/\.(?:tar|tar\.(?:gz|xz|zst|bz2)|tgz|txz)$/, 'tarball'],
  [/\.(?:raw|img|qcow2)$/, 'disk'],
  [/\.iso$/, 'iso'],
];
const FORMAT_REMEDY =
  'Name a tarball (.tar, .tar.gz, .tar.xz, .tar.zst), a disk image (.raw, .img, .qcow2) or an ISO (.iso)';

/** Distribution's grammar of references, with a tag or a digest: `docker://HOST/NAME:TAG`. */
const OCI_REFERENCE =
  /^docker:\/\/[A-Za-z0-9][A-Za-z0-9._-]*(?::[0-9]{1,5})?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;
const OCI_LAYOUT = /^oci:([^:]+)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?$/;

/** Debian's grammar of package names (Policy, section 5.6.1), and a version. */
const PACKAGE = /^[a-z0-9][a-z0-9+.-]{1,127}(?:=[A-Za-z0-9.+~:-]{1,128})?$/;

/** One line of sources.list(5) for binary packages: options, address, suite, components. */
const APT_LINE = /^deb(?: \[[\w.,:=/+ -]+\])? (?<address>https?:\/\/\S+)(?: [A-Za-z0-9][\w./-]*){2,}$/;

/** A source, or why it is none. */
type Reading = RootSource | { readonly fault: string; readonly remedy: string; readonly at?: string };

/** What the root of a release master is made from: `from`, or `url` with `sha512sums`; its own key when that is a suite. */
export function readSource(key: string, keys: Mapping, context: KeyContext): RootSource {
  const { path, parent, fault } = context;
  if (parent !== undefined) {
    for (const name of SOURCE_KEYS.filter((each) => each in keys)) {
      const message = `Cannot use "${name}" here: only a top-level image says what its root is made from`;
      fault([...path, name], message, `Remove it: the image is made from "${parent.name}"`);
    }
    return parent.source;
  }
  const reading = sourceOf(key, keys, context.options.directory);
  if ('kind' in reading) {
    if (reading.kind === 'suite') return readSuite(reading, keys, context);
    refuseSuiteKeys(keys, context);
    return reading;
  }
  const at = [reading.at ?? 'from', ...SOURCE_KEYS].find((name) => name in keys);
  fault(at === undefined ? path : [...path, at], reading.fault, reading.remedy);
  return { kind: 'suite', suite: key };
}

/** `include`: packages that are installed with a suite. */
function readInclude(keys: Mapping, context: KeyContext): readonly string[] {
  const names = stringList('include', keys, context).flatMap(({ text, at }) => {
    if (PACKAGE.test(text)) return [text];
    context.fault(
      at,
      `Cannot include ${quote(text)}: it is no package`,
      'Give names of packages, or NAME=VERSION',
    );
    return [];
  });
  return [...new Set(names)].toSorted();
}

/** `mirror`: where the packages of a suite come from, and later those of its stages. */
function readMirror(suite: string, keys: Mapping, context: KeyContext): readonly string[] {
  const isDebian = distributionOf(suite) === 'debian';
  const remedy = isDebian
    ? `Give an http or https address without a password, or a line like "deb [check-valid-until=no] ADDRESS ${suite} main"`
    : `Give a line like "deb [signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg] ADDRESS ${suite} main universe"`;
  return stringList('mirror', keys, context).flatMap(({ text, at }) => {
    const line = isDebian && !/\s/.test(text) ? `deb ${text} ${suite} main` : text;
    const address = APT_LINE.exec(line)?.groups?.['address'];
    if (address !== undefined && webAddress(address) !== undefined) return [line];
    context.fault(at, `Cannot use mirror ${quote(text)}`, remedy);
    return [];
  });
}

function readSuite(source: SuiteSource, keys: Mapping, context: KeyContext): RootSource {
  const include = readInclude(keys, context);
  const mirror = readMirror(source.suite, keys, context);
  return {
    ...source,
    ...(include.length > 0 && { include }),
    ...(mirror.length > 0 && { mirror }),
  };
}

/** Keys that only a suite can follow. */
function refuseSuiteKeys(keys: Mapping, { path, fault }: KeyContext): void {
  const refused = [
    [
      'include',
      'Cannot include packages',
      'Remove it, and install them in the first stage of an image below',
    ],
    [
      'mirror',
      'Cannot use a mirror',
      'Remove it, and change the sources of apt in the first stage of an image below',
    ],
  ] as const;
  for (const [key, what, remedy] of refused) {
    if (key in keys) fault([...path, key], `${what}: this root is made from no suite`, remedy);
  }
}

function sourceOf(key: string, keys: Mapping, directory: string): Reading {
  if (!('url' in keys) && !('sha512sums' in keys)) return fromText(keys['from'] ?? key, directory);
  if ('from' in keys) {
    const remedy = 'Keep "from", or "url" with "sha512sums"';
    return { fault: 'Cannot make a root from both "from" and "url"', remedy, at: 'from' };
  }
  return downloadOf(keys['url'], keys['sha512sums'], directory);
}

function fromText(from: unknown, directory: string): Reading {
  if (typeof from !== 'string' || from === '' || /\p{Cc}/u.test(from)) return noSource(from);
  if (distributionOf(from) !== undefined) return { kind: 'suite', suite: from };
  if (OCI_REFERENCE.test(from)) return { kind: 'oci', reference: from };
  const [, layout, tag] = OCI_LAYOUT.exec(from) ?? [];
  if (layout !== undefined) {
    return { kind: 'oci-layout', path: resolve(directory, layout), ...(tag === undefined ? {} : { tag }) };
  }
  if (from.startsWith('iso:') && from.length > 4) {
    return { kind: 'file', format: 'iso', path: resolve(directory, from.slice(4)) };
  }
  const format = /^[a-z]+:/.test(from) ? undefined : formatOf(from);
  return format === undefined ? noSource(from) : { kind: 'file', format, path: resolve(directory, from) };
}

function noSource(from: unknown): Reading {
  const suites = [...suitesOf('debian'), ...suitesOf('ubuntu')].join(', ');
  return {
    fault: `Cannot make a root from ${quote(from)}`,
    remedy: `Set "from" to a suite (${suites}), "docker://HOST/IMAGE:TAG", "oci:FOLDER:TAG", "iso:FILE", or a tarball or disk image by name`,
  };
}

function downloadOf(url: unknown, sums: unknown, directory: string): Reading {
  if (url === undefined) {
    const fault = 'Cannot use "sha512sums": there is no "url" of what it is the sum of';
    return { fault, remedy: 'Set "url", or remove "sha512sums"', at: 'sha512sums' };
  }
  const address = typeof url === 'string' ? webAddress(url) : undefined;
  if (address === undefined) {
    const remedy = 'Give an http or https address without a password';
    return { fault: `Cannot download a root from ${quote(url)}`, remedy, at: 'url' };
  }
  if (!isEncoded(address.pathname)) {
    const remedy = 'Write a "%" of the name as "%25"';
    return { fault: `Cannot download a root from ${quote(url)}`, remedy, at: 'url' };
  }
  const format = formatOf(address.pathname);
  if (format === undefined) {
    const fault = `Cannot tell what ${quote(basename(address.pathname))} is`;
    return { fault, remedy: FORMAT_REMEDY, at: 'url' };
  }
  const isAddress = typeof sums === 'string' && sums.includes('://');
  if (typeof sums !== 'string' || sums === '' || (isAddress && webAddress(sums) === undefined)) {
    return {
      fault: `Cannot check what is downloaded: ${sums === undefined ? 'there is no "sha512sums"' : `${quote(sums)} is no address of a file`}`,
      remedy:
        'Set "sha512sums" to the address of the SHA512SUMS file beside it, or to a file of the images folder',
      at: 'sha512sums',
    };
  }
  const where = isAddress ? sums : resolve(directory, sums);
  return { kind: 'download', format, url: address.href, sums: where };
}

function webAddress(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
  return isWeb && url.username === '' && url.password === '' ? url : undefined;
}

/** Lists of sums have names without percent-encoding (RFC 3986, section 2.1), whose octets are UTF-8. */
function isEncoded(path: string): boolean {
  try {
    return decodeURIComponent(path) !== '';
  } catch {
    return false;
  }
}

function formatOf(name: string): RootFormat | undefined {
  return FORMATS.find(([form]) => form.test(name))?.[1];
}
