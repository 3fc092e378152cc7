import { readFile, stat } from 'node:fs/promises';
import { Explainer } from '../boot/explain.ts';
import { type ExplainedCapture, explainCapture } from '../boot/explain-capture.ts';
import type { Ipv4, Mac } from '../core/address.ts';
import { AppError, messageOf } from '../core/errors.ts';
import { type Capture, readCapture } from '../wire/pcap.ts';
import type { OpenSite } from './site.ts';

const MOST_BYTES = 256 * 1024 * 1024;

/** What of a capture is explained. */
export interface CaptureChoice {
  /** Undefined: of all clients. */
  readonly only?: Mac;
  /** The server's address on the link that was listened to. */
  readonly local?: Ipv4;
}

/** Explain a file of tcpdump or Wireshark. Fails with `usage` when it is none. */
export async function explainFile(
  file: string,
  choice: CaptureChoice,
  state: OpenSite,
): Promise<ExplainedCapture> {
  const { datagrams } = await openCapture(file);
  return explainCapture(datagrams, new Explainer(state), choice);
}

async function openCapture(file: string): Promise<Capture> {
  const refused = (why: string) =>
    new AppError('usage', `Cannot explain "${file}": ${why}`, {
      remedy: 'Make one with: tcpdump -w FILE -s 0 port 67 or port 68 or port 4011',
    });
  try {
    const { size } = await stat(file);
    if (size > MOST_BYTES) throw refused('it is larger than 256 MiB');
    const capture = readCapture(await readFile(file));
    if (capture !== undefined) return capture;
  } catch (error) {
    throw error instanceof AppError ? error : refused(messageOf(error));
  }
  throw refused('it is no capture in the format pcap or pcapng');
}
