import type { Quirk, QuirkMatch, Workarounds } from '../core/quirk.ts';
import { messageType, OPTION, type OptionMap, startsWith } from '../wire/dhcp/options.ts';
import { BROADCAST_FLAG, type DhcpPacket } from '../wire/dhcp/packet.ts';
import { announcedArchitectures, stageOf, userClassesOf } from './identify.ts';
import type { Trace } from './trace.ts';

/** What is to be done differently for the client of a message; of two quirks that say the same, the first counts. */
export function workaroundsFor(packet: DhcpPacket, quirks: readonly Quirk[], trace?: Trace): Workarounds {
  let workarounds = NO_WORKAROUNDS;
  for (const { name, match, workarounds: own } of quirks) {
    const miss = missOf(match, packet);
    trace?.({
      step: 'quirk',
      rule: name,
      taken: miss === undefined,
      why: miss ?? Object.keys(own).join(', '),
    });
    if (miss !== undefined) continue;
    workarounds = workarounds === NO_WORKAROUNDS ? own : { ...own, ...workarounds };
  }
  return workarounds;
}

const NO_WORKAROUNDS: Workarounds = {};

/** The reply as this client can use it; one that denies an address is left as it is. */
export function reworked(reply: DhcpPacket, workarounds: Workarounds): DhcpPacket {
  if (workarounds === NO_WORKAROUNDS || messageType(reply.options) === 'NAK') return reply;
  const { bootfileIn, broadcast = false } = workarounds;
  return {
    ...reply,
    ...(broadcast ? { flags: reply.flags | BROADCAST_FLAG } : {}),
    ...(bootfileIn === 'options' ? { sname: '', file: '' } : {}),
    options: reworkedOptions(reply.options, workarounds),
  };
}

const NAMES = [OPTION.tftpServerName, OPTION.bootfileName] as const;

/** Most quirks leave most options alone, so they are changed where they are: a changed one keeps its place. */
function reworkedOptions(options: OptionMap, workarounds: Workarounds): OptionMap {
  const { withoutOptions = [], bootfileIn, nulTerminated = false } = workarounds;
  const changed = new Map(options);
  for (const code of withoutOptions) changed.delete(code);
  for (const code of NAMES) {
    const value = changed.get(code);
    if (value === undefined) continue;
    if (bootfileIn === 'fields') changed.delete(code);
    else if (nulTerminated) changed.set(code, withNul(value));
  }
  return changed;
}

/** The first part of a match that does not hold, in words; undefined when all do. */
function missOf(match: QuirkMatch, packet: DhcpPacket): string | undefined {
  const { options, chaddr } = packet;
  const { vendorClasses, userClasses, macs, architectures, stages } = match;
  if (stages?.includes(stageOf(packet)) === false) return `it is at stage "${stageOf(packet)}"`;
  if (macs?.some((prefix) => chaddr.startsWith(prefix)) === false) return 'the MAC is of another maker';
  const vendorClass = options.get(OPTION.vendorClass);
  if (vendorClasses?.some((prefix) => startsWith(vendorClass, prefix)) === false) {
    return vendorClass === undefined ? 'it sends no vendor class' : 'the vendor class is another';
  }
  if (userClasses !== undefined) {
    const sent = userClassesOf(options);
    if (!userClasses.some((prefix) => sent.some((each) => each.startsWith(prefix))))
      return 'it has no such user class';
  }
  if (architectures !== undefined) {
    const codes = announcedArchitectures(options);
    if (!architectures.some((code) => codes.includes(code))) return 'the architecture is another';
  }
  for (const [code, wanted] of match.options ?? []) {
    const value = options.get(code);
    if (value === undefined) return `it sends no option ${code}`;
    if (wanted !== undefined && Buffer.compare(value, wanted) !== 0) return `option ${code} is another`;
  }
  return undefined;
}

function withNul(value: Uint8Array): Uint8Array {
  if (value.at(-1) === 0) return value;
  const longer = new Uint8Array(value.length + 1);
  longer.set(value);
  return longer;
}
