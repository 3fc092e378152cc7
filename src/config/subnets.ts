import {
  formatSubnet,
  type Ipv4,
  isUsableIn,
  parseIpv4,
  parseRange,
  parseSubnet,
  rangeContains,
  type Subnet,
  subnetContains,
} from '../core/address.ts';
import { durationSeconds } from '../core/duration.ts';
import type { ServedSubnet } from '../core/subnet.ts';
import { readDhcpOptions } from './dhcp-options.ts';
import type { SourceDocument } from './document.ts';
import type { FaultList, Path } from './fault.ts';
import type { SubnetShape } from './schema.ts';
import type { Remains } from './validate.ts';

/** What the subnets of a server are read with. */
export interface SubnetContext {
  readonly document: SourceDocument;
  readonly faults: FaultList;
  /** `server.address`: ours on the subnets that name no other. */
  readonly address: Ipv4;
  readonly httpPort: number;
}

/** A block of one Ethernet frame: 1500 octets less the headers of IP, UDP and TFTP. */
const ETHERNET_BLOCK = 1468;

type Shape = Remains<SubnetShape>;

/** Read `dhcp.subnets`; undefined when its faults leave no subnet. */
export function servedSubnets(
  shapes: readonly (Shape | undefined)[],
  context: SubnetContext,
): readonly [ServedSubnet, ...ServedSubnet[]] | undefined {
  const served = shapes.flatMap((shape, index) => {
    const subnet = parseSubnet(shape?.subnet ?? '');
    if (shape === undefined || subnet === undefined) return [];
    const place = placeOf(['dhcp', 'subnets', index], context);
    const options = readDhcpOptions(shape.options ?? {}, (key, message, { part, remedy }) =>
      context.faults.at(
        context.document.where(['dhcp', 'subnets', index, 'options', key], part),
        message,
        remedy,
      ),
    );
    const one = { ...servedSubnet(subnet, shape, context), options };
    checkAddresses(one, place);
    checkPool(one, place);
    return [{ one, place }];
  });
  checkOverlaps(served);
  const [first, ...others] = served.map(({ one }) => one);
  return first === undefined ? undefined : [first, ...others];
}

/** Tells of a fault at a key of one subnet. */
type Place = (key: string, message: string, remedy: string) => void;

function placeOf(path: Path, { document, faults }: SubnetContext): Place {
  return (key, message, remedy) => faults.at(document.where([...path, key]), message, remedy);
}

function servedSubnet(subnet: Subnet, shape: Shape, context: SubnetContext): Omit<ServedSubnet, 'options'> {
  const serverAddress = parseIpv4(shape.server ?? '') ?? context.address;
  const pool = shape.pool === undefined ? undefined : parseRange(shape.pool);
  const router = shape.router === undefined ? undefined : parseIpv4(shape.router);
  return {
    subnet,
    mode: shape.mode ?? 'full',
    serverAddress,
    baseUrl: `http://${serverAddress}${context.httpPort === 80 ? '' : `:${context.httpPort}`}`,
    ...(pool === undefined ? {} : { pool }),
    ...(router === undefined ? {} : { router }),
    dns: addressesOf(shape.dns),
    ...(shape.domain === undefined ? {} : { domain: shape.domain.toLowerCase() }),
    leaseTime: durationSeconds(shape.lease ?? '1h') ?? 3600,
    ...(shape.bootp === true ? { bootp: true } : {}),
    ...(shape.probe === false ? { probe: false } : {}),
    relays: addressesOf(shape.relays),
    largestBlock: shape.tftp_block_size ?? ETHERNET_BLOCK,
  };
}

function addressesOf(texts: readonly (string | undefined)[] = []): readonly Ipv4[] {
  return texts.flatMap((text) => parseIpv4(text ?? '') ?? []);
}

function checkAddresses({ subnet, serverAddress, router, relays }: ServedSubnet, fault: Place): void {
  const network = formatSubnet(subnet);
  const isRelayed = relays.length > 0 && !subnetContains(subnet, serverAddress);
  if (!isRelayed && !isUsableIn(subnet, serverAddress)) {
    const message = `The server's address ${serverAddress} is no address of the subnet ${network}`;
    fault(
      'server',
      message,
      'Set "server" to this machine\'s address there, or name the "relays" that reach it',
    );
  }
  if (router !== undefined && !isUsableIn(subnet, router)) {
    const message = `The router ${router} is no address of the subnet ${network}`;
    fault('router', message, 'Hosts reach a router on their own subnet only');
  }
}

function checkPool({ subnet, pool, serverAddress, router, mode }: ServedSubnet, fault: Place): void {
  if (pool === undefined) return;
  if (mode === 'proxy' || mode === 'off' || mode === 'reservations-only') {
    fault(
      'pool',
      `A subnet of mode "${mode}" gives no addresses of a pool`,
      'Remove the pool, or set another mode',
    );
  }
  if (!isUsableIn(subnet, pool.first) || !isUsableIn(subnet, pool.last)) {
    const message = `The pool ${pool.first}-${pool.last} does not lie in the subnet ${formatSubnet(subnet)}`;
    fault('pool', message, 'Leave out the network and the broadcast address');
  }
  for (const [name, taken] of [
    ['server', serverAddress],
    ['router', router],
  ] as const) {
    if (taken === undefined || !rangeContains(pool, taken) || (name === 'router' && taken === serverAddress))
      continue;
    fault('pool', `The pool holds the ${name}'s own address ${taken}`, 'Begin it above, or end it below');
  }
}

function checkOverlaps(served: readonly { readonly one: ServedSubnet; readonly place: Place }[]): void {
  for (const [index, { one, place }] of served.entries()) {
    const other = served.slice(0, index).find(({ one: before }) => overlap(before.subnet, one.subnet));
    if (other === undefined) continue;
    const [mine, theirs] = [formatSubnet(one.subnet), formatSubnet(other.one.subnet)];
    place('subnet', `The subnet ${mine} overlaps ${theirs}`, 'An address must lie in one subnet only');
  }
}

function overlap(a: Subnet, b: Subnet): boolean {
  return subnetContains(a, b.network) || subnetContains(b, a.network);
}
