import { dirname, resolve } from 'node:path';
import { type Ipv4, parseIpv4 } from '../core/address.ts';
import { durationSeconds } from '../core/duration.ts';
import { parseChannelName, parseImageName, STABLE } from '../core/image.ts';
import type { BootPolicy, UnknownHostPolicy } from '../core/policy.ts';
import { type AnsibleSettings, ansibleSettings } from './ansible.ts';
import { type BuildSettings, buildSettings } from './build-settings.ts';
import type { SourceDocument } from './document.ts';
import type { FaultList } from './fault.ts';
import { sizeBytes } from './formats.ts';
import { type RecipeSettings, recipeSettings } from './recipes.ts';
import { ServerFileSchema } from './schema.ts';
import type { ListenAddresses, SiteDirectories } from './site.ts';
import { servedSubnets } from './subnets.ts';
import { type TftpSettings, tftpSettings } from './tftp.ts';
import { parseShape } from './validate.ts';
import { type WebSettings, webSettings } from './web.ts';

/** What `bivouac.yml` says; parts that its faults leave no meaning to are undefined. */
export interface ServerFile {
  readonly directories: SiteDirectories;
  readonly listen?: ListenAddresses;
  readonly web: WebSettings;
  readonly tftp: TftpSettings;
  readonly build: BuildSettings;
  readonly ansible: AnsibleSettings;
  readonly recipes: RecipeSettings;
  readonly policy?: BootPolicy;
}

/** Variables of the environment that take precedence over the file. */
export interface ConfigEnvironment {
  readonly BIVOUAC_DATA?: string | undefined;
}

type Shape = NonNullable<ReturnType<typeof readShape>>;

const DEFAULT_DATA = '/var/lib/bivouac';

/** Read `bivouac.yml`; relative paths are relative to its folder. */
export function readServerFile(
  document: SourceDocument,
  environment: ConfigEnvironment,
  faults: FaultList,
): ServerFile {
  const shape = readShape(document, faults) ?? {};
  const directories = directoriesOf(shape, dirname(document.file), environment);
  const ansible = ansibleSettings(shape.ansible, dirname(document.file));
  const recipes = recipeSettings(shape.recipes, dirname(document.file));
  const web = webSettings(shape.server ?? {}, dirname(document.file));
  const tftp = tftpSettings(shape.server?.tftp);
  const build = buildSettings(shape.build);
  const address = parseIpv4(shape.server?.address ?? '');
  if (address === undefined) return { directories, web, tftp, build, ansible, recipes };
  const listen = listenOf(shape, address);
  const context = { document, faults, address, httpPort: listen.http };
  const subnets = servedSubnets(shape.dhcp?.subnets ?? [], context);
  if (subnets === undefined) return { directories, web, tftp, build, ansible, recipes };
  return { directories, web, tftp, build, ansible, recipes, listen, policy: policyOf(shape, subnets) };
}

function readShape(document: SourceDocument, faults: FaultList) {
  return parseShape(ServerFileSchema, document, faults);
}

function directoriesOf(shape: Shape, folder: string, environment: ConfigEnvironment): SiteDirectories {
  const named = environment.BIVOUAC_DATA;
  const data =
    named === undefined || named === ''
      ? resolve(folder, shape.server?.data ?? DEFAULT_DATA)
      : resolve(named);
  const { images = 'images', hosts = 'hosts', boot = 'boot' } = shape.directories ?? {};
  return {
    data,
    images: resolve(folder, images),
    hosts: resolve(folder, hosts),
    boot: resolve(folder, boot),
  };
}

function listenOf({ server }: Shape, address: Ipv4): ListenAddresses {
  return {
    address,
    http: server?.http?.port ?? 80,
    tftp: server?.tftp?.port ?? 69,
    dhcp: server?.dhcp?.port ?? 67,
  };
}

function policyOf(shape: Shape, subnets: BootPolicy['subnets']): BootPolicy {
  return {
    subnets,
    unknownHosts: unknownHostsOf(shape.unknown_hosts),
    onFailure: shape.boot?.on_failure ?? 'retry',
    tokenLifetime: durationSeconds(shape.boot?.token_lifetime ?? '1h') ?? 3600,
    conffsLimit: sizeBytes(shape.boot?.conffs_size ?? ''),
    quirks: [],
  };
}

function unknownHostsOf(value: Shape['unknown_hosts']): UnknownHostPolicy {
  if (value === undefined || value === 'ignore') return { kind: 'ignore' };
  if (value === 'address') return { kind: 'address' };
  const image = parseImageName(value.image ?? '');
  if (image === undefined) return { kind: 'ignore' };
  return { kind: 'image', image, channel: parseChannelName(value.channel ?? '') ?? STABLE };
}
