import { parseIpv4, parseMac } from '../core/address.ts';
import type { Cpu } from '../core/arch.ts';
import { AppError } from '../core/errors.ts';
import type { Host, HostName } from '../core/host.ts';
import { type ImageDefinition, parseChannelName, parseImageName, STABLE } from '../core/image.ts';
import { conflictsOf, type HostConflict } from '../core/inventory.ts';
import { reservationProblem } from '../core/policy.ts';
import { suggestion } from '../core/suggest.ts';
import type { Snapshot } from '../ports/snapshot.ts';
import { readVariables } from './json-value.ts';

/** What a request to register a host says; texts have the forms of `config/formats.ts`. */
export interface HostFields {
  readonly mac?: string;
  readonly macs?: readonly string[];
  readonly address?: string;
  readonly image: string;
  readonly channel?: string;
  readonly arch?: Cpu;
  readonly cmdline?: readonly string[];
  readonly bootfile?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** What a host is registered into. */
export interface Registry {
  readonly snapshot: Pick<Snapshot, 'inventory' | 'policy'>;
  readonly images: readonly ImageDefinition[];
}

/** The host to keep, checked against all others as a host file is. Fails with `invalid-input` or `conflict`. */
export function hostFromFields(name: HostName, fields: HostFields, registry: Registry): Host {
  refuseFileHost(name, registry, 'register');
  const host = hostOf(name, fields);
  const refuse = (reason: string, remedy: string) =>
    new AppError('invalid-input', `Cannot register host "${name}": ${reason}`, { remedy });
  if (!registry.images.some((image) => image.name === host.image)) {
    const known = registry.images.map((image) => image.name);
    throw refuse(`there is no image "${host.image}"`, suggestion(host.image, known, 'images'));
  }
  const { policy, inventory } = registry.snapshot;
  const problem = host.address === undefined ? undefined : reservationProblem(policy, host.address);
  if (problem !== undefined)
    throw refuse(`"${host.address ?? ''}" cannot be reserved: ${problem}`, 'Choose another');
  const [conflict] = conflictsOf(host, inventory);
  if (conflict !== undefined) throw conflictError(name, conflict);
  return host;
}

/** Hosts of files are changed in their files. Fails with `conflict`. */
export function refuseFileHost(
  name: HostName,
  { snapshot }: Pick<Registry, 'snapshot'>,
  action: 'register' | 'remove',
): void {
  const source = snapshot.inventory.byName.get(name)?.source;
  if (source?.kind !== 'file') return;
  throw new AppError('conflict', `Cannot ${action} host "${name}": the file "${source.path}" declares it`, {
    remedy: 'Change the file',
  });
}

function hostOf(name: HostName, fields: HostFields): Host {
  const [first, ...others] = macsOf(name, fields);
  const image = parseImageName(fields.image);
  const address = fields.address === undefined ? undefined : parseIpv4(fields.address);
  if (first === undefined || image === undefined) {
    throw new AppError('invalid-input', `Cannot register host "${name}": it needs a MAC and an image`);
  }
  return {
    name,
    macs: [first, ...others],
    ...(address === undefined ? {} : { address }),
    image,
    channel: parseChannelName(fields.channel ?? '') ?? STABLE,
    ...(fields.arch === undefined ? {} : { architecture: fields.arch }),
    cmdline: fields.cmdline ?? [],
    ...(fields.bootfile === undefined ? {} : { bootfile: fields.bootfile }),
    variables: readVariables(fields.variables ?? {}, {
      path: ['variables'],
      fault: (path, message, remedy) => {
        const reason = `${message} at "${path.join('.').slice(0, 200)}"`;
        throw new AppError('invalid-input', `Cannot register host "${name}": ${reason}`, { remedy });
      },
    }),
    source: { kind: 'api' },
  };
}

function macsOf(name: HostName, { mac, macs }: HostFields) {
  const texts = [...(mac === undefined ? [] : [mac]), ...(macs ?? [])];
  const parsed = texts.flatMap((text) => parseMac(text) ?? []);
  if ((mac === undefined) !== (macs === undefined) && new Set(parsed).size === texts.length) return parsed;
  const reason =
    mac !== undefined && macs !== undefined ? 'both "mac" and "macs" are given' : 'a MAC is given twice';
  throw new AppError(
    'invalid-input',
    `Cannot register host "${name}": ${texts.length === 0 ? 'no MAC is given' : reason}`,
    {
      remedy: 'Give "mac", or "macs" with each once',
    },
  );
}

function conflictError(name: HostName, { key, value, owner }: HostConflict): AppError {
  const where = owner.source.kind === 'file' ? ` of file "${owner.source.path}"` : '';
  return new AppError(
    'conflict',
    `Cannot register host "${name}": the ${key === 'mac' ? 'MAC' : key} "${value}" belongs to host "${owner.name}"${where}`,
    { remedy: `Give one of them another ${key === 'mac' ? 'MAC' : key}, or remove host "${owner.name}"` },
  );
}
