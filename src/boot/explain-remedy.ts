import type { IgnoreReason } from './ignore-reason.ts';

const REMEDIES: Partial<Record<IgnoreReason, string>> = {
  bootp: 'BOOTP clients are served where the subnet allows it, and only hosts with an address of their own',
  'too-many-hops': 'Relay agents pass it on to each other: correct their server addresses',
  'relay-not-served': 'Add the subnet that the relay agent is on to "dhcp.subnets", or the agent to "relays"',
  'outside-subnet': 'Add its subnet to "dhcp.subnets"; a subnet behind a relay agent needs "relays"',
  'bad-mac': 'Give the network card a unicast MAC address',
  'other-server': 'Two servers answer here: set "mode" to "proxy" or "auto", or switch the other one off',
  'mode-off': 'Set another "mode" for the subnet',
  'proxy-mode': 'Set "mode" to "full" or "auto" if this server shall give addresses as well',
  'not-reserved': 'Give the host an "address" in this subnet, or set "mode" to "full"',
  'unknown-host': 'Add hosts/<name>.yml with this MAC, register it over the API, or set "unknown_hosts"',
  'no-pool': 'Give the host an "address" in this subnet, or the subnet a "pool"',
  'reservation-in-use':
    '"bivouac lease list" shows who has the address; release it there, or reserve another',
  'pool-exhausted': 'Make "pool" larger or "lease" shorter; "bivouac lease list" shows who has the addresses',
  'address-conflict': 'Find out what else uses addresses of the pool: "bivouac lease list" shows which',
  'lease-not-stored': 'Make room on the disk of the data directory, then see "bivouac serve" for its log',
  'unknown-architecture': 'Tell what it is by a row of boot/quirks.yml with "treat_as_architecture"',
  quirk: 'Change the row of boot/quirks.yml that says "serve: never"',
  'no-nbp-for-architecture':
    'Publish a boot program by the image "nbp", and name it by "bootfile" of the host',
  'nbp-not-published': 'Run "bivouac build nbp"',
};

/** What a person can do about a message that gets no answer; undefined when it is as it should be. */
export function ignoreRemedy(reason: IgnoreReason): string | undefined {
  return REMEDIES[reason];
}
