import type { Host } from '../core/host.ts';
import { type ImageDefinition, parseImageName } from '../core/image.ts';
import { type BootPolicy, reservationProblem } from '../core/policy.ts';
import { suggestion } from '../core/suggest.ts';
import type { SourceDocument } from './document.ts';
import type { FaultList } from './fault.ts';
import type { HostDeclaration, HostPlace } from './host-file.ts';

/** What a site's parts are checked against each other with. */
export interface SiteParts {
  readonly declarations: readonly HostDeclaration[];
  /** Hosts of the database. */
  readonly registered: readonly Host[];
  /** Undefined when their files are at fault. */
  readonly images: readonly ImageDefinition[] | undefined;
  readonly policy: BootPolicy | undefined;
}

/** Faults between files: one key of two hosts, images that do not exist, addresses that are not ours to give. */
export function checkConflicts(parts: SiteParts, faults: FaultList): void {
  const owners = new Map<string, string>();
  for (const host of parts.registered) {
    for (const key of [host.name, ...host.macs, ...(host.address === undefined ? [] : [host.address])]) {
      owners.set(key, `host "${host.name}", which was registered over the API`);
    }
  }
  for (const declaration of parts.declarations) {
    claimKeys(declaration, owners, faults);
    checkAddress(declaration, parts.policy, faults);
    checkImage(declaration, parts.images, faults);
  }
}

/** The image that unknown hosts get must exist. */
export function checkUnknownHosts(
  document: SourceDocument,
  { policy, images }: Pick<SiteParts, 'policy' | 'images'>,
  faults: FaultList,
): void {
  if (policy?.unknownHosts.kind !== 'image') return;
  const { image } = policy.unknownHosts;
  reportUnknownImage({ image, where: document.where(['unknown_hosts', 'image']) }, images, faults);
}

function claimKeys(declaration: HostDeclaration, owners: Map<string, string>, faults: FaultList): void {
  const { name, macs, address } = declaration;
  const named = owners.get(name);
  const first = macs[0]?.where ?? address?.where;
  if (named !== undefined && first !== undefined) {
    faults.file(
      first.file,
      `The name "${name}" belongs to ${named}`,
      `Rename the file, or remove the other host`,
    );
  }
  const keys: [string, string, HostPlace][] = macs.map(({ mac, where }) => ['MAC', mac, where]);
  if (address !== undefined) keys.push(['address', address.address, address.where]);
  for (const [what, key, where] of keys) {
    const owner = owners.get(key);
    const ownerName = `host "${name}"`;
    if (owner === undefined) owners.set(key, `${ownerName} (${where.file}:${where.place.line})`);
    else if (!owner.startsWith(ownerName)) {
      faults.at(where, `The ${what} ${key} belongs to ${owner}`, `Give one of them another ${what}`);
    }
  }
}

function checkAddress({ address }: HostDeclaration, policy: BootPolicy | undefined, faults: FaultList): void {
  if (address === undefined || policy === undefined) return;
  const problem = reservationProblem(policy, address.address);
  if (problem === undefined) return;
  faults.at(
    address.where,
    `Cannot reserve ${address.address}: ${problem}`,
    'Choose another address of the subnet',
  );
}

function checkImage({ image }: HostDeclaration, images: SiteParts['images'], faults: FaultList): void {
  if (image !== undefined) reportUnknownImage(image, images, faults);
}

function reportUnknownImage(
  { image, where }: { readonly image: string; readonly where: HostPlace },
  images: SiteParts['images'],
  faults: FaultList,
): void {
  const name = parseImageName(image);
  if (images === undefined || images.some((one) => one.name === name)) return;
  const known = images.map((one) => one.name);
  faults.at(where, `There is no image "${image}"`, suggestion(image, known, 'images'));
}
