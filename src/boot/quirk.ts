import type { Quirk, QuirkMatch, Workarounds } from '../core/quirk.ts';
import { messageType, OPTION, readText } from '../wire/dhcp/options.ts';
import { BROADCAST_FLAG, type DhcpPacket } from '../wire/dhcp/packet.ts';
import { announcedArchitectures, stageOf, userClassesOf } from './identify.ts';
import type { Trace } from './trace.ts';

/** What is to be done differently for the client of a message; of two quirks that say the same, the first counts. */
export function workaroundsFor(packet: DhcpPacket, quirks: readonly Quirk[], trace?: Trace): Workarounds {
  let workarounds: Workarounds = {};
  for (const { name, match, workarounds: own } of quirks) {
    const miss = missOf(match, packet);
    trace?.({
      step: 'quirk',
      rule: name,
      taken: miss === undefined,
      why: miss ?? Object.keys(own).join(', '),
    });
    if (miss === undefined) workarounds = { ...own, ...workarounds };
  }
  return workarounds;
}

/** The reply as this client can use it; one that denies an address is left as it is. */
export function reworked(reply: DhcpPacket, workarounds: Workarounds): DhcpPacket {
  if (Object.keys(workarounds).length === 0 || messageType(reply.options) === 'NAK') return reply;
  const { withoutOptions = [], bootfileIn, nulTerminated = false, broadcast = false } = workarounds;
  const left = new Set([
    ...withoutOptions,
    ...(bootfileIn === 'fields' ? [OPTION.tftpServerName, OPTION.bootfileName] : []),
  ]);
  const isName = (code: number): boolean => code === OPTION.tftpServerName || code === OPTION.bootfileName;
  return {
    ...reply,
    ...(broadcast ? { flags: reply.flags | BROADCAST_FLAG } : {}),
    ...(bootfileIn === 'options' ? { sname: '', file: '' } : {}),
    options: new Map(
      [...reply.options]
        .filter(([code]) => !left.has(code))
        .map(([code, value]) => [code, nulTerminated && isName(code) ? withNul(value) : value]),
    ),
  };
}

/** The first part of a match that does not hold, in words; undefined when all do. */
function missOf(match: QuirkMatch, packet: DhcpPacket): string | undefined {
  const { options, chaddr } = packet;
  const { vendorClasses, userClasses, macs, architectures, stages } = match;
  const vendorClass = readText(options, OPTION.vendorClass);
  if (stages?.includes(stageOf(packet)) === false) return `it is at stage "${stageOf(packet)}"`;
  if (macs?.some((prefix) => chaddr.startsWith(prefix)) === false) return 'the MAC is of another maker';
  if (vendorClasses?.some((prefix) => vendorClass?.startsWith(prefix)) === false) {
    return vendorClass === undefined ? 'it sends no vendor class' : 'the vendor class is another';
  }
  const sent = userClassesOf(options);
  if (userClasses?.some((prefix) => sent.some((each) => each.startsWith(prefix))) === false) {
    return 'it has no such user class';
  }
  const codes = announcedArchitectures(options);
  if (architectures?.some((code) => codes.includes(code)) === false) return 'the architecture is another';
  for (const [code, wanted] of match.options ?? []) {
    const value = options.get(code);
    if (value === undefined) return `it sends no option ${code}`;
    if (wanted !== undefined && Buffer.compare(value, wanted) !== 0) return `option ${code} is another`;
  }
  return undefined;
}

function withNul(value: Uint8Array): Uint8Array {
  return value.at(-1) === 0 ? value : Buffer.concat([value, Uint8Array.of(0)]);
}
