import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { readCapture } from '../../src/wire/pcap.ts';
import { describeWith } from '../requirements.ts';
import { BridgedLab } from './bridged-lab.ts';
import { buildImages, DATA, makeLabSite, ROOT } from './site.ts';

const BOOTS = [
  ['web01', 'bios'],
  ['web02', 'uefi'],
] as const;

/** Without option 43 UEFI firmware takes a PXE offer for one of a server that is to be asked at port 4011. */
const QUIRK = `
  - name: ask-port-4011
    match: {stages: [firmware], vendor_classes: [PXEClient]}
    workarounds: {without_options: [43]}
`;

describeWith(
  ['root', 'qemu-system-x86_64', 'buildah', 'mmdebstrap', 'ip', 'dnsmasq', 'tcpdump'],
  'port 4011',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'bivouac-4011-'));
    const boot = join(folder, 'boot');
    let lab: BridgedLab;

    beforeAll(async () => {
      const { config } = await makeLabSite(folder, DATA);
      cpSync(join(ROOT, 'boot'), boot, { recursive: true });
      writeFileSync(config, readFileSync(config, 'utf8').replace(join(ROOT, 'boot'), boot));
      await buildImages(config, 'nbp');
      lab = new BridgedLab('p4011', { folder, config });
      lab.wire(BOOTS.map(([name]) => name));
    });

    afterEach(() => lab.quiet());

    afterAll(async () => {
      await lab.down();
      rmSync(folder, { recursive: true, force: true });
    });

    /** Boot as far as the boot script; resolves to who spoke with port 4011 meanwhile. */
    async function boots(
      hosts: typeof BOOTS | readonly [(typeof BOOTS)[number]],
    ): Promise<readonly string[]> {
      const file = join(folder, 'capture.pcap');
      const capture = await lab.capture(file, 'udp');
      for (const [name, firmware] of hosts) await lab.powerOn(name, firmware);
      for (const [name] of hosts) {
        await expect
          .poll(() => lab.timeline(name), { timeout: 240_000, interval: 3000 })
          .toMatch(/http +boot script of image|ignored: Image/);
      }
      await capture.stop();
      const found = readCapture(readFileSync(file))?.datagrams ?? [];
      return found
        .filter(({ source, destination }) => [source.port, destination.port].includes(4011))
        .map(({ source, destination }) => `${source.address} > ${destination.address}:${destination.port}`);
    }

    test('as we answer, neither BIOS with iPXE nor UEFI needs to ask there', async () => {
      const other = lab.startOther();
      await lab.serve('{subnet: 10.77.0.0/24, mode: proxy}');
      expect(await boots(BOOTS)).toEqual([]);
      await other.stop();
    });

    test('beside another server, UEFI that asks there boots by the answer', async () => {
      appendFileSync(join(boot, 'quirks.yml'), QUIRK);
      const other = lab.startOther();
      await lab.serve('{subnet: 10.77.0.0/24, mode: proxy}');
      const [asked, answered, ...more] = await boots([BOOTS[1]]);
      expect(asked).toMatch(/^10\.77\.0\.2\d\d > 10\.77\.0\.1:4011$/);
      expect(answered).toMatch(/^10\.77\.0\.1 > 10\.77\.0\.2\d\d:/);
      expect(more).toEqual([]);
      expect(await lab.timeline('web02')).toMatch(/ACK \(firmware\) 10\.77\.0\.2\d\d boot snponly\.efi/);
      await other.stop();
    });

    test('with an address of ours, too', async () => {
      await lab.serve('{subnet: 10.77.0.0/24, pool: 10.77.0.100-10.77.0.199}');
      const [asked, answered] = await boots([BOOTS[1]]);
      expect(asked).toBe('10.77.0.12 > 10.77.0.1:4011');
      expect(answered).toMatch(/^10\.77\.0\.1 > 10\.77\.0\.12:/);
    });
  },
);
