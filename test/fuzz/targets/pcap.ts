import { readdirSync, readFileSync } from 'node:fs';
import { readCapture } from '../../../src/wire/pcap.ts';
import type { Target } from '../fuzz.ts';

const FOLDERS = ['../../fixtures/dhcp/', '../../fixtures/pcap/'].map(
  (path) => new URL(path, import.meta.url),
);

/** Capture files in both formats. */
export const PCAP: Target = {
  name: 'pcap',
  seeds: () =>
    FOLDERS.flatMap((folder) =>
      readdirSync(folder)
        .filter((file) => /\.pcap(?:ng)?$/.test(file))
        .map((file) => [readFileSync(new URL(file, folder))]),
    ),
  check: (input) => {
    for (const bytes of input) {
      const capture = readCapture(bytes);
      if (capture === undefined) continue;
      const payload = capture.datagrams.reduce((sum, datagram) => sum + datagram.payload.length, 0);
      if (payload > bytes.length) throw new Error(`${payload} octets were read from ${bytes.length}`);
      const frames = capture.datagrams.length + capture.fragments + capture.cut + capture.others;
      if (frames > bytes.length / 16)
        throw new Error(`${frames} frames were read from ${bytes.length} octets`);
      if (capture.datagrams.some(({ time }) => !Number.isFinite(time)))
        throw new Error('A time is no number');
    }
  },
};
