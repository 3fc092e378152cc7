import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../requirements.ts';
import { BridgedLab } from './bridged-lab.ts';
import { buildImages, DATA, makeLabSite } from './site.ts';

const BOOTS = [
  ['web01', 'bios'],
  ['web02', 'uefi'],
] as const;

describeWith(
  ['root', 'qemu-system-x86_64', 'buildah', 'mmdebstrap', 'ip', 'dnsmasq'],
  'beside another server',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'bivouac-proxy-'));
    let lab: BridgedLab;

    beforeAll(async () => {
      const { config } = await makeLabSite(folder, DATA);
      // Without a release iPXE asks again and again, and a host that is switched on anew goes on in that boot.
      await buildImages(config, 'nbp', 'web');
      lab = new BridgedLab('proxy', { folder, config });
      lab.wire(BOOTS.map(([name]) => name));
    });

    afterEach(() => lab.quiet());

    afterAll(async () => {
      await lab.down();
      rmSync(folder, { recursive: true, force: true });
    });

    test('mode proxy: BIOS and UEFI take an address of the other server and boot by ours', async () => {
      const other = lab.startOther();
      await lab.serve('{subnet: 10.77.0.0/24, mode: proxy}');
      for (const [name, firmware] of BOOTS) await lab.powerOn(name, firmware);
      for (const [name] of BOOTS) {
        await expect
          .poll(() => lab.timeline(name), { timeout: 240_000, interval: 3000 })
          .toMatch(/http +boot script of image|ignored: Image/);
        expect(await lab.timeline(name)).not.toMatch(/ACK/);
      }
      await other.stop();
      expect(other.output()).toMatch(/DHCPACK\(net0\) 10\.77\.0\.2\d\d 52:54:00:77:00:01/);
    });

    test('mode auto: where no other server answers, they get an address of ours', async () => {
      await lab.serve('{subnet: 10.77.0.0/24, mode: auto}');
      for (const [name, firmware] of BOOTS) await lab.powerOn(name, firmware);
      for (const [name, , address] of [
        ['web01', 'bios', '10.77.0.11'],
        ['web02', 'uefi', '10.77.0.12'],
      ] as const) {
        await expect
          .poll(() => lab.timeline(name), { timeout: 240_000, interval: 3000 })
          .toContain(`ACK (iPXE) ${address}`);
      }
    });
  },
);
