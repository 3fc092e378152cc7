/** How loud a reason is: `debug`, the packet was not for us; `warn`, it was and could not be used. */
export type IgnoreLevel = 'debug' | 'warn';

/** Every reason for which a DHCP message gets no answer, with its level and what a person is told. */
const REASONS = {
  'is-a-reply': ['debug', 'it is a reply, and replies are never answered'],
  'unsupported-message': ['debug', 'the message type is not one that clients of this server send'],
  bootp: ['debug', 'it is BOOTP, which the subnet does not serve, or not to this host'],
  'too-many-hops': ['debug', 'it passed more than 16 relay agents'],
  'relay-not-served': ['debug', 'it came by a relay agent outside the served subnets'],
  'bad-mac': ['warn', 'its hardware address is zero or a group address'],
  'missing-address': ['warn', 'the address the message is about is missing'],
  'outside-subnet': ['warn', 'the address it speaks of is outside the served subnets'],
  'wrong-source': ['warn', 'it was sent from another address than the one it speaks of'],
  'other-server': ['warn', 'the client chose the offer of another DHCP server'],
  'other-boot-server': ['debug', 'the client looks for a boot server of another kind'],
  'mode-off': ['debug', 'DHCP is switched off on this subnet'],
  'proxy-mode': ['debug', 'its address comes from another server, and it asks for nothing else'],
  'not-reserved': ['debug', 'the host has no reserved address, and the subnet serves reservations only'],
  'unknown-host': ['debug', 'no host has this MAC address, and unknown hosts are ignored'],
  'no-lease': ['debug', 'this MAC address holds no such lease'],
  'no-pool': ['warn', 'the host has no reserved address, and the subnet has no pool'],
  'reservation-in-use': ['warn', 'its reserved address is in use elsewhere, and the subnet has no pool'],
  'pool-exhausted': ['warn', 'the pool has no free address'],
  'address-conflict': ['warn', 'each address it could have is in use by another machine'],
  'lease-not-stored': ['warn', 'the lease could not be written to disk'],
  'unknown-architecture': ['warn', 'the firmware names no known architecture in option 93 or 60'],
  quirk: ['debug', 'a quirk of boot/quirks.yml says that it gets no answer'],
  'no-nbp-for-architecture': ['warn', 'there is no NBP for the architecture of the firmware'],
  'nbp-not-published': ['warn', 'the NBP for this firmware is not published: build the image "nbp"'],
} as const satisfies Record<string, readonly [IgnoreLevel, string]>;

/** Why a DHCP message gets no answer: a closed set, the same in log, event and test. */
export type IgnoreReason = keyof typeof REASONS;

/** How loud to log a reason. */
export function ignoreLevel(reason: IgnoreReason): IgnoreLevel {
  return REASONS[reason][0];
}

/** A reason in words, as the boot record shows it. */
export function ignoreText(reason: IgnoreReason): string {
  return REASONS[reason][1];
}
