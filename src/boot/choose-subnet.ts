import { isUsableIn } from '../core/address.ts';
import { type BootPolicy, isOwnAddress } from '../core/policy.ts';
import type { ServedSubnet } from '../core/subnet.ts';
import { NO_ADDRESS } from '../wire/dhcp/packet.ts';
import type { IgnoreReason } from './ignore-reason.ts';
import type { DhcpRequest } from './request.ts';

/** The subnet a client is on, or why it is none of ours. */
export type SubnetChoice =
  | { readonly ok: true; readonly subnet: ServedSubnet }
  | { readonly ok: false; readonly reason: IgnoreReason };

/**
 * RFC 2131 section 4.3.1: the relay agent's address tells the subnet; without one, the client's own address, else the
 * link that the message came by.
 */
export function chooseSubnet({ packet, local }: DhcpRequest, policy: BootPolicy): SubnetChoice {
  const { giaddr, ciaddr } = packet;
  if (giaddr !== NO_ADDRESS && isOwnAddress(policy, giaddr)) return { ok: false, reason: 'relay-not-served' };
  const told = giaddr === NO_ADDRESS ? ciaddr : giaddr;
  const subnet =
    told === NO_ADDRESS
      ? policy.subnets.find(({ serverAddress }) => local === undefined || serverAddress === local)
      : policy.subnets.find((each) => isUsableIn(each.subnet, told));
  if (subnet !== undefined) return { ok: true, subnet };
  return { ok: false, reason: giaddr === NO_ADDRESS ? 'outside-subnet' : 'relay-not-served' };
}
