import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { describeWith } from '../requirements.ts';
import type { Running } from './namespaces.ts';
import { CARD, ServedNetwork } from './served-network.ts';

vi.setConfig({ testTimeout: 60_000 });

const BOUND = `#!/bin/sh
address="\${ip:-$new_ip_address}"
[ -z "$address" ] || ip addr replace "$address/24" dev net0
exit 0
`;

/** What `bad-cable.program.ts` does to frames of either direction. */
const LINKS: readonly (readonly [name: string, faults: Readonly<Record<string, number>>, mtu: number])[] = [
  ['loses 5 %', { loss: 0.05 }, 1500],
  ['repeats every fifth frame', { duplicate: 0.2 }, 1500],
  ['swaps frames', { delay: 1, swap: 0.2 }, 1500],
  ['takes half a second there and back', { delay: 250 }, 1500],
  ['has an MTU of 1280', {}, 1280],
];

describeWith(
  ['root', 'ip', '/dev/net/tun', 'busybox', 'udhcpc', 'dhclient', 'curl'],
  'a boot over a link that',
  () => {
    const network = new ServedNetwork('badlink');
    const file = (name: string): string => join(network.folder, name);
    let cable: Running | undefined;

    beforeAll(async () => {
      writeFileSync(file('bound'), BOUND);
      chmodSync(file('bound'), 0o755);
      cable = await network.plugBadCable();
      await network.serve();
    });

    afterEach(async () => {
      await network.quiet();
      network.forget();
    });

    afterAll(() => network.down());

    /** The octets at a URL. */
    async function fetched(...args: readonly string[]): Promise<Buffer> {
      rmSync(file('fetched'), { force: true });
      const fixed = ['-sS', '--fail', '--retry', '3', '--max-time', '25', '-o', file('fetched')];
      await network.run('curl', ...fixed, ...args);
      return readFileSync(file('fetched'));
    }

    it.each(LINKS)('%s', async (_name, faults, mtu) => {
      for (const space of [network.server, network.client])
        network.net.ip(space, 'link', 'set', 'net0', 'mtu', String(mtu));
      cable?.write(JSON.stringify(faults));
      await cable?.said(`now ${JSON.stringify(faults)}`);
      const udhcpc = ['-i', 'net0', '-f', '-q', '-n', '-t', '10', '-T', '2', '-s', file('bound')];
      expect(await network.run('busybox', 'udhcpc', ...udhcpc)).toContain(
        `lease of ${CARD.reserved} obtained`,
      );
      const { nbp, layer, layerHex } = network.published ?? {};
      expect(await fetched('--tftp-blksize', '1468', 'tftp://10.77.0.1/snponly.efi')).toEqual(nbp);
      const script = await fetched(`http://10.77.0.1/boot/script/${CARD.mac}`);
      expect(script.toString()).toMatch(/^#!ipxe/);
      expect(await fetched(`http://10.77.0.1/artefacts/sha256/${layerHex}`)).toEqual(layer);
      network.forget();
      const leases = ['-lf', file('leases'), '-pf', file('pid')];
      const client = network.start(
        'dhclient',
        '-4',
        '-d',
        '-1',
        '-v',
        '-sf',
        file('bound'),
        ...leases,
        'net0',
      );
      await client.said(`bound to ${CARD.reserved}`);
    });
  },
);
