import type { Explanation } from '../boot/explain.ts';
import { identify, stageOf } from '../boot/identify.ts';
import type { TriedRule } from '../boot/trace.ts';
import { type DescribedOption, describeOption } from '../wire/dhcp/describe-option.ts';
import { messageType } from '../wire/dhcp/options.ts';
import { BROADCAST_FLAG, type DhcpPacket, decodePacket } from '../wire/dhcp/packet.ts';
import { printable } from '../wire/printable.ts';

const WIDTH = 100;

/** An explanation as a person reads it: who asks, each rule, the answer and its bytes, what comes next. */
export function explanationText(explanation: Explanation): string {
  const { request, rules, next } = explanation;
  const blocks = [
    headline(request.packet),
    rules.length === 0 ? '' : rulesText(rules),
    outcomeText(explanation),
    next.length === 0 ? '' : ['next', ...next.map((step) => wrap(step, '  '))].join('\n'),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

/** An explanation as JSON. */
export function explanationJson({ request, rules, answer, sent, silence, next }: Explanation): unknown {
  const { packet, source, service } = request;
  return {
    request: { ...packetJson(packet), source, service, stage: stageOf(packet) },
    rules,
    outcome:
      answer.kind === 'ignored'
        ? { kind: answer.kind, reason: answer.reason, ...silence }
        : { kind: answer.kind },
    ...(sent === undefined
      ? {}
      : {
          reply: {
            destination: sent.destination,
            ...packetJson(decodedOf(sent.bytes)),
            bytes: Buffer.from(sent.bytes).toString('hex'),
          },
        }),
    next,
  };
}

/** `DISCOVER of 52:54:00:77:00:01, firmware, x64 UEFI (7), UUID …`. */
export function headline(packet: DhcpPacket): string {
  const identified = identify(packet);
  const client = identified.ok ? identified.client : undefined;
  const arch = client === undefined || client.stage === 'os' ? undefined : client.arch;
  const parts = [
    `${messageType(packet.options) ?? 'BOOTP'} of ${packet.chaddr}`,
    stageOf(packet) === 'os' ? 'running system' : stageOf(packet),
    ...(arch === undefined ? [] : [`${arch.name} (${arch.code})`]),
    ...(client?.uuid === undefined ? [] : [`UUID ${client.uuid}`]),
  ];
  return parts.join(', ');
}

function rulesText(rules: readonly TriedRule[]): string {
  const width = Math.min(Math.max(...rules.map(({ rule }) => rule.length)), 48);
  return rules
    .map(({ step, rule, taken, why }) => {
      const head = `  ${step.padEnd(8)}${taken ? '+' : '-'} ${rule.padEnd(width)}  `;
      return wrap(why, ' '.repeat(14 + width), head);
    })
    .join('\n');
}

function outcomeText({ answer, sent, silence }: Explanation): string {
  switch (answer.kind) {
    case 'noted':
      return 'no answer: it only tells the server something';
    case 'ignored': {
      const lines = [wrap(`no answer (${answer.reason}): ${silence?.why ?? ''}`, '  ', '')];
      if (silence?.remedy !== undefined) lines.push(wrap(silence.remedy, '  '));
      return lines.join('\n');
    }
    case 'reply':
      return sent === undefined ? '' : replyText(sent.destination, sent.bytes);
  }
}

function replyText(destination: string, bytes: Uint8Array): string {
  const packet = decodedOf(bytes);
  const head = `${messageType(packet.options) ?? 'reply'} to ${destination}, ${bytes.length} octets`;
  return [head, packetText(packet), '', hexDump(bytes)].join('\n');
}

/** The fields of a message that are not zero, and its options, one on a line. */
export function packetText(packet: DhcpPacket): string {
  const fields = fieldsOf(packet).map(([name, value]) => `  ${name.padEnd(28)}${value}`);
  const options = describedOptions(packet).map(({ code, name, value }) =>
    wrap(value, ' '.repeat(30), `  ${String(code).padStart(3)}  ${name}`.padEnd(30)),
  );
  return [...fields, ...options].join('\n');
}

function fieldsOf(packet: DhcpPacket): readonly (readonly [string, string])[] {
  const { flags, sname, file } = packet;
  const addresses = (['ciaddr', 'yiaddr', 'siaddr', 'giaddr'] as const)
    .map((name) => [name, packet[name]] as const)
    .filter(([, address]) => address !== '0.0.0.0');
  return [
    ['xid', `0x${packet.xid.toString(16).padStart(8, '0')}`],
    ...(flags === 0
      ? []
      : [
          [
            'flags',
            `0x${flags.toString(16).padStart(4, '0')}${(flags & BROADCAST_FLAG) === 0 ? '' : ' (broadcast)'}`,
          ] as const,
        ]),
    ...addresses,
    ['chaddr', packet.chaddr],
    ...(sname === '' ? [] : [['sname', `"${printable(sname)}"`] as const]),
    ...(file === '' ? [] : [['file', `"${printable(file, 128)}"`] as const]),
  ];
}

function describedOptions({ options }: DhcpPacket): readonly DescribedOption[] {
  return [...options].map(([code, value]) => describeOption(code, value));
}

/** A message as JSON: fields that are not zero, and options. */
export function packetJson(packet: DhcpPacket) {
  return {
    message: messageType(packet.options) ?? null,
    ...Object.fromEntries(fieldsOf(packet)),
    options: describedOptions(packet),
  };
}

/** What was just encoded. */
function decodedOf(bytes: Uint8Array): DhcpPacket {
  const decoded = decodePacket(bytes);
  if (!decoded.ok) throw new RangeError(`Cannot read back a reply: ${decoded.reason}`);
  return decoded.packet;
}

/** 32 octets on a line; lines of zeros that follow one are left out. */
function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  let skipped = false;
  for (let at = 0; at < bytes.length; at += 32) {
    const row = bytes.subarray(at, at + 32);
    const isSame =
      at > 0 && row.length === 32 && [...row, ...bytes.subarray(at - 32, at)].every((byte) => byte === 0);
    if (isSame && !skipped) lines.push('  *');
    skipped = isSame;
    if (isSame) continue;
    const digits = (
      Buffer.from(row)
        .toString('hex')
        .match(/.{1,8}/g) ?? []
    ).join(' ');
    lines.push(`  ${at.toString(16).padStart(4, '0')}  ${digits}`);
  }
  return lines.join('\n');
}

/** Text broken at blanks to the width of a terminal; `first` stands in place of the indent of its first line. */
function wrap(text: string, indent: string, first = indent): string {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(' ')) {
    const isEmpty = line === first || line === indent;
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line === first || line === indent ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}
