/** How loud a reason is: `debug`, the packet was not for us; `warn`, it was and could not be used. */
export type IgnoreLevel = 'debug' | 'warn';

/** Every reason for which a DHCP message gets no answer, with its level and what a person is told. */
const REASONS = {
  'is-a-reply': ['debug', 'it is a reply, and replies are never answered'],
  'no-message-type': ['debug', 'it is BOOTP, or option 53 is malformed'],
  'unsupported-message': ['debug', 'the message type is not one that clients of this server send'],
  'too-many-hops': ['debug', 'it passed more than 16 relay agents'],
  'relay-not-served': ['debug', 'it came by a relay agent outside the served subnet'],
  'bad-mac': ['warn', 'its hardware address is zero or a group address'],
  'missing-address': ['warn', 'the address the message is about is missing'],
  'outside-subnet': ['warn', 'the address it speaks of is outside the served subnet'],
  'wrong-source': ['warn', 'it was sent from another address than the one it speaks of'],
  'other-server': ['debug', 'the client chose the offer of another DHCP server'],
  'unknown-host': ['debug', 'no host has this MAC address, and unknown hosts are ignored'],
  'no-lease': ['debug', 'this MAC address holds no such lease'],
  'no-pool': ['warn', 'the host has no reserved address, and the subnet has no pool'],
  'reservation-in-use': ['warn', 'its reserved address is in use elsewhere, and the subnet has no pool'],
  'pool-exhausted': ['warn', 'the pool has no free address'],
  'lease-not-stored': ['warn', 'the lease could not be written to disk'],
  'unknown-architecture': ['warn', 'the firmware names no known architecture in option 93 or 60'],
  'http-boot': ['warn', 'the firmware asks for UEFI HTTP Boot, which is not served yet'],
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
