import { dirname, resolve } from 'node:path';
import {
  formatSubnet,
  type Ipv4,
  isUsableIn,
  parseIpv4,
  parseRange,
  parseSubnet,
  rangeContains,
} from '../core/address.ts';
import { parseChannelName, parseImageName, STABLE } from '../core/image.ts';
import type { BootPolicy, ServedSubnet, UnknownHostPolicy } from '../core/policy.ts';
import type { SourceDocument } from './document.ts';
import type { FaultList } from './fault.ts';
import { durationSeconds } from './formats.ts';
import { ServerFileSchema } from './schema.ts';
import type { ListenAddresses, SiteDirectories } from './site.ts';
import { parseShape } from './validate.ts';

/** What `bivouac.yml` says; parts that its faults leave no meaning to are undefined. */
export interface ServerFile {
  readonly directories: SiteDirectories;
  readonly listen?: ListenAddresses;
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
  const address = parseIpv4(shape.server?.address ?? '');
  const subnet = address === undefined ? undefined : servedSubnet(shape, document, faults);
  if (address === undefined || subnet === undefined) return { directories };
  checkSubnet({ address, subnet, document, faults });
  const listen = listenOf(shape, address);
  return { directories, listen, policy: policyOf(shape, listen, subnet) };
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

function servedSubnet(
  { dhcp }: Shape,
  document: SourceDocument,
  faults: FaultList,
): ServedSubnet | undefined {
  const subnet = parseSubnet(dhcp?.subnet ?? '');
  if (subnet === undefined) return undefined;
  const pool = dhcp?.pool === undefined ? undefined : parseRange(dhcp.pool);
  const router = dhcp?.router === undefined ? undefined : parseIpv4(dhcp.router);
  if (router !== undefined && !isUsableIn(subnet, router)) {
    const message = `The router ${router} is no address of the subnet ${formatSubnet(subnet)}`;
    faults.at(document.where(['dhcp', 'router']), message, 'Hosts reach a router on their own subnet only');
  }
  return {
    subnet,
    ...(pool === undefined ? {} : { pool }),
    ...(router === undefined ? {} : { router }),
    dns: (dhcp?.dns ?? []).flatMap((text) => parseIpv4(text ?? '') ?? []),
    ...(dhcp?.domain === undefined ? {} : { domain: dhcp.domain.toLowerCase() }),
    leaseTime: durationSeconds(dhcp?.lease ?? '1h') ?? 3600,
  };
}

function checkSubnet(given: {
  readonly address: Ipv4;
  readonly subnet: ServedSubnet;
  readonly document: SourceDocument;
  readonly faults: FaultList;
}): void {
  const { address, document, faults } = given;
  const { subnet, pool, router } = given.subnet;
  const network = formatSubnet(subnet);
  if (!isUsableIn(subnet, address)) {
    const message = `The server's address ${address} is no address of the subnet ${network}`;
    faults.at(document.where(['server', 'address']), message, 'Serve the subnet that the server is on');
  }
  if (pool === undefined) return;
  const atPool = document.where(['dhcp', 'pool']);
  if (!isUsableIn(subnet, pool.first) || !isUsableIn(subnet, pool.last)) {
    const message = `The pool ${pool.first}-${pool.last} does not lie in the subnet ${network}`;
    faults.at(atPool, message, 'Leave out the network and the broadcast address');
  }
  for (const [name, taken] of [
    ['server', address],
    ['router', router],
  ] as const) {
    if (taken === undefined || !rangeContains(pool, taken) || (name === 'router' && taken === address))
      continue;
    faults.at(atPool, `The pool holds the ${name}'s own address ${taken}`, 'Begin it above, or end it below');
  }
}

function policyOf(shape: Shape, listen: ListenAddresses, subnet: ServedSubnet): BootPolicy {
  const port = listen.http === 80 ? '' : `:${listen.http}`;
  return {
    serverAddress: listen.address,
    baseUrl: `http://${listen.address}${port}`,
    subnet,
    unknownHosts: unknownHostsOf(shape.unknown_hosts),
    onFailure: shape.boot?.on_failure ?? 'retry',
    tokenLifetime: durationSeconds(shape.boot?.token_lifetime ?? '1h') ?? 3600,
  };
}

function unknownHostsOf(value: Shape['unknown_hosts']): UnknownHostPolicy {
  if (value === undefined || value === 'ignore') return { kind: 'ignore' };
  const image = parseImageName(value.image ?? '');
  if (image === undefined) return { kind: 'ignore' };
  return { kind: 'image', image, channel: parseChannelName(value.channel ?? '') ?? STABLE };
}
