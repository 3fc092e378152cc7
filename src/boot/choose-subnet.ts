import { type Ipv4, isUsableIn, subnetContains } from '../core/address.ts';
import { type BootPolicy, isOwnAddress, subnetOf } from '../core/policy.ts';
import type { ServedSubnet } from '../core/subnet.ts';
import { type DhcpPacket, NO_ADDRESS } from '../wire/dhcp/packet.ts';
import { readRelayWord } from '../wire/dhcp/relay-options.ts';
import type { IgnoreReason } from './ignore-reason.ts';
import type { DhcpRequest } from './request.ts';
import type { Trace } from './trace.ts';

/** The subnet a client is on, or why it is none of ours. */
export type SubnetChoice =
  | {
      readonly ok: true;
      readonly subnet: ServedSubnet;
      /** Our address as this client is told it: option 54. */
      readonly serverId: Ipv4;
      /** It came by a relay agent whose word counts. */
      readonly byTrustedRelay: boolean;
      /** Another link that a relay agent named whose word does not count. */
      readonly unheeded: Ipv4 | undefined;
    }
  | { readonly ok: false; readonly reason: IgnoreReason };

/**
 * RFC 2131 section 4.3.1: the relay agent's address tells the subnet; without one, the client's own address, else the
 * link that the message came by.
 */
export function chooseSubnet(request: DhcpRequest, policy: BootPolicy, trace?: Trace): SubnetChoice {
  const { packet, source, local, service } = request;
  if (packet.giaddr !== NO_ADDRESS) return byRelay(packet, policy, trace);
  // The boot server is asked by clients that have an address: it is answered, so it counts.
  const own = service === 'boot-server' ? source : packet.ciaddr;
  const subnet = own === NO_ADDRESS ? byLink(local, policy) : subnetAround(own, policy);
  trace?.({
    step: 'subnet',
    rule: own === NO_ADDRESS ? 'link that it came by' : "client's address",
    taken: subnet !== undefined,
    why: `${own === NO_ADDRESS ? (local ?? 'not known') : own}${subnet === undefined ? ' is in no served subnet' : ''}`,
  });
  return subnet === undefined ? { ok: false, reason: 'outside-subnet' } : plainly(subnet);
}

/** A subnet whose server address lies elsewhere is reached by relay agents alone. */
function byLink(local: Ipv4 | undefined, { subnets }: BootPolicy): ServedSubnet | undefined {
  return subnets.find(
    ({ subnet, serverAddress }) =>
      (local === undefined || serverAddress === local) && subnetContains(subnet, serverAddress),
  );
}

function subnetAround(address: Ipv4, { subnets }: BootPolicy): ServedSubnet | undefined {
  return subnets.find(({ subnet }) => isUsableIn(subnet, address));
}

function plainly(subnet: ServedSubnet): SubnetChoice {
  return { ok: true, subnet, serverId: subnet.serverAddress, byTrustedRelay: false, unheeded: undefined };
}

/** RFC 3527 and RFC 5107 let a relay agent speak for other links: only of those that the configuration trusts. */
function byRelay(packet: DhcpPacket, policy: BootPolicy, trace?: Trace): SubnetChoice {
  const { giaddr } = packet;
  const { link, serverId } = readRelayWord(packet.options);
  const refused = (why: string): SubnetChoice => {
    trace?.({ step: 'subnet', rule: 'relay agent (giaddr)', taken: false, why: `${giaddr} ${why}` });
    return { ok: false, reason: 'relay-not-served' };
  };
  if (isOwnAddress(policy, giaddr)) return refused('is our own address');
  const home = subnetAround(giaddr, policy);
  const named = link === undefined ? undefined : subnetOf(policy, link);
  const isTrusted = trusts(home, giaddr) || trusts(named, giaddr);
  if (link !== undefined) {
    const why = isTrusted ? `${giaddr} is trusted` : `${giaddr} is in no list of relays`;
    trace?.({ step: 'subnet', rule: `link selection ${link}`, taken: isTrusted && named !== undefined, why });
  }
  // A link that we do not serve: an address of another would be of no use there.
  if (link !== undefined && isTrusted && named === undefined) return refused('names a link we do not serve');
  const subnet = isTrusted && named !== undefined ? named : home;
  if (subnet === undefined) return refused('is in no served subnet');
  if (subnet === home) {
    trace?.({ step: 'subnet', rule: 'relay agent (giaddr)', taken: true, why: giaddr });
  }
  return {
    ok: true,
    subnet,
    serverId: isTrusted && serverId !== undefined ? serverId : subnet.serverAddress,
    byTrustedRelay: isTrusted,
    unheeded: isTrusted || link === undefined || subnetContains(subnet.subnet, link) ? undefined : link,
  };
}

function trusts(subnet: ServedSubnet | undefined, relay: Ipv4): boolean {
  return subnet?.relays.includes(relay) === true;
}
