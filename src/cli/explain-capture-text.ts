import type { ExplainedCapture, ExplainedMessage, SeenReply } from '../boot/explain-capture.ts';
import { messageType } from '../wire/dhcp/options.ts';
import { explanationJson, explanationText, packetJson, packetText } from './explain-text.ts';

/** The messages of a capture as a person reads them: each with our answer and those that the capture holds. */
export function captureText({ messages, malformed }: ExplainedCapture): string {
  const start = messages[0]?.time ?? 0;
  const blocks = messages.map((message, index) => {
    const place = `#${index + 1}  ${after(start, message.time)}  from ${message.explanation.request.source}`;
    const seen = message.replies.map((reply) => seenText(reply, message));
    return [place, explanationText(message.explanation), ...seen].join('\n\n');
  });
  const count = `${messages.length} DHCP message${messages.length === 1 ? '' : 's'} of clients`;
  const rest = malformed === 0 ? count : `${count}, ${malformed} that cannot be read`;
  return [...blocks, rest].join(`\n\n${'-'.repeat(40)}\n\n`);
}

/** The messages of a capture as JSON. */
export function captureJson({ messages, malformed }: ExplainedCapture): unknown {
  return {
    messages: messages.map(({ time, explanation, replies }) => ({
      time,
      explanation: explanationJson(explanation),
      seen: replies.map((reply) => ({ time: reply.time, source: reply.source, ...packetJson(reply.packet) })),
    })),
    malformed,
  };
}

function seenText({ time, source, packet }: SeenReply, message: ExplainedMessage): string {
  const type = messageType(packet.options) ?? 'reply';
  return `the capture holds: ${type} of ${source}, ${after(message.time, time)}\n${packetText(packet)}`;
}

function after(start: number, time: number): string {
  return `+${((time - start) / 1000).toFixed(3)} s`;
}
