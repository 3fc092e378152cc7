import { basename } from 'node:path';
import { type Ipv4, type Mac, parseIpv4, parseMac } from '../core/address.ts';
import { type Host, type HostName, parseHostName } from '../core/host.ts';
import { type ImageName, parseChannelName, parseImageName, STABLE } from '../core/image.ts';
import type { SourceDocument } from './document.ts';
import type { FaultList, FaultPlace, Path } from './fault.ts';
import { readVariables } from './json-value.ts';
import { HostFileSchema } from './schema.ts';
import { isMapping, parseShape } from './validate.ts';

/** A place of a host file. */
export interface HostPlace {
  readonly file: string;
  readonly place: FaultPlace;
}

/** What `files:` says of one path. */
export interface FileMetadata {
  /** As written: a path that ends in `/` is a directory. */
  readonly path: string;
  readonly mode?: number;
  readonly uid: number;
  readonly gid: number;
  readonly where: HostPlace;
}

/** One host file, with the places of what other files may conflict with. */
export interface HostDeclaration {
  readonly name: HostName;
  readonly macs: readonly { readonly mac: Mac; readonly where: HostPlace }[];
  readonly address?: { readonly address: Ipv4; readonly where: HostPlace };
  readonly image?: { readonly image: ImageName; readonly where: HostPlace };
  readonly metadata: readonly FileMetadata[];
  readonly deletions: readonly { readonly path: string; readonly where: HostPlace }[];
  /** Undefined when a fault leaves no host. */
  readonly host?: Host;
}

type Shape = NonNullable<ReturnType<typeof readShape>>;

/** Read `hosts/<name>.yml`; undefined when its name is no host name. */
export function readHostFile(document: SourceDocument, faults: FaultList): HostDeclaration | undefined {
  const label = basename(document.file, '.yml');
  const name = parseHostName(label);
  if (name === undefined || name !== label) {
    const wanted = 'lower-case letters, digits and dashes, at most 63';
    faults.file(
      document.file,
      `The file is named ${JSON.stringify(label)}, wanted a host name: ${wanted}`,
      'Rename it',
    );
    return undefined;
  }
  const shape = readShape(document, faults) ?? {};
  const macs = readMacs(shape, document, faults);
  const address = parseIpv4(shape.address ?? '');
  const image = parseImageName(shape.image ?? '');
  const host = hostOf({ name, shape, document, macs: macs.map(({ mac }) => mac), faults });
  return {
    name,
    macs,
    ...(address === undefined ? {} : { address: { address, where: document.where(['address']) } }),
    ...(image === undefined ? {} : { image: { image, where: document.where(['image']) } }),
    metadata: metadataOf(shape, document),
    deletions: (shape.delete ?? []).flatMap((path, index) =>
      path === undefined ? [] : [{ path, where: document.where(['delete', index]) }],
    ),
    ...(host === undefined ? {} : { host }),
  };
}

function readShape(document: SourceDocument, faults: FaultList) {
  return parseShape(HostFileSchema, document, faults);
}

function readMacs(shape: Shape, document: SourceDocument, faults: FaultList): HostDeclaration['macs'] {
  const { value } = document;
  const keys = ['mac', 'macs'].filter((key) => isMapping(value) && Object.hasOwn(value, key));
  if (keys.length !== 1 && isMapping(value)) {
    const message = keys.length === 0 ? 'Missing key "mac" in the file' : 'Both "mac" and "macs" are given';
    const remedy =
      keys.length === 0 ? 'Add "mac: 52:54:00:12:34:56", or "macs" with a list' : 'Keep one of them';
    faults.at(document.where(keys.slice(1), 'key'), message, remedy);
  }
  const texts: [Path, string | undefined][] = [
    [['mac'], shape.mac],
    ...(shape.macs ?? []).map((text, index): [Path, string | undefined] => [['macs', index], text]),
  ];
  const found = new Map<Mac, HostPlace>();
  for (const [path, text] of texts) {
    const mac = parseMac(text ?? '');
    if (mac === undefined) continue;
    const where = document.where(path);
    if (found.has(mac)) faults.at(where, `The MAC ${mac} is given twice`, 'Keep one of them');
    else found.set(mac, where);
  }
  return [...found].map(([mac, where]) => ({ mac, where }));
}

function hostOf(given: {
  readonly name: HostName;
  readonly shape: Shape;
  readonly document: SourceDocument;
  readonly macs: readonly Mac[];
  readonly faults: FaultList;
}): Host | undefined {
  const { name, shape, document, faults } = given;
  const variables = readVariables(shape.variables ?? {}, {
    path: ['variables'],
    fault: (path, message, remedy) => faults.at(document.where(path, 'key'), message, remedy),
  });
  const [first, ...others] = given.macs;
  const image = parseImageName(shape.image ?? '');
  const address = parseIpv4(shape.address ?? '');
  if (first === undefined || image === undefined) return undefined;
  return {
    name,
    macs: [first, ...others],
    ...(address === undefined ? {} : { address }),
    image,
    channel: parseChannelName(shape.channel ?? '') ?? STABLE,
    ...(shape.arch === undefined ? {} : { architecture: shape.arch }),
    cmdline: (shape.cmdline ?? []).flatMap((argument) => argument ?? []),
    ...(shape.bootfile === undefined ? {} : { bootfile: shape.bootfile }),
    variables,
    source: { kind: 'file', path: document.file },
  };
}

function metadataOf(shape: Shape, document: SourceDocument): readonly FileMetadata[] {
  return Object.entries(shape.files ?? {}).map(([path, entry]) => {
    const [uid = 0, gid = 0] = (entry?.owner ?? '0:0').split(':').map(Number);
    return {
      path,
      ...(entry?.mode === undefined ? {} : { mode: Number.parseInt(entry.mode, 8) }),
      uid,
      gid,
      where: document.where(['files', path], 'key'),
    };
  });
}
