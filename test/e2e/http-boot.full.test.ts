import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../requirements.ts';
import { BridgedLab } from './bridged-lab.ts';
import { buildImages, DATA, makeLabSite } from './site.ts';

describeWith(
  ['root', 'qemu-system-x86_64', 'buildah', 'mmdebstrap', 'ip', 'dnsmasq'],
  'UEFI HTTP Boot',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'bivouac-http-boot-'));
    let lab: BridgedLab;

    beforeAll(async () => {
      const { config } = await makeLabSite(folder, DATA);
      await buildImages(config, 'nbp');
      lab = new BridgedLab('http', { folder, config });
      lab.wire(['web02']);
    });

    afterEach(() => lab.quiet());

    afterAll(async () => {
      await lab.down();
      rmSync(folder, { recursive: true, force: true });
    });

    /** The boot, once the host has its script. */
    async function boot(): Promise<string> {
      await lab.powerOn('web02', 'uefi-http');
      await expect
        .poll(() => lab.timeline('web02'), { timeout: 240_000, interval: 3000 })
        .toMatch(/http +boot script of image|ignored: Image/);
      return lab.timeline('web02');
    }

    test('with an address of ours', async () => {
      await lab.serve('{subnet: 10.77.0.0/24, pool: 10.77.0.100-10.77.0.199}');
      expect(await boot()).toMatch(
        /ACK \(firmware\) 10\.77\.0\.12 boot http:\/\/10\.77\.0\.1\/\S+\.efi[^]*http +snponly\.efi[^]*ACK \(iPXE\)/,
      );
    });

    test('beside another server, with an address of that one', async () => {
      const other = lab.startOther();
      await lab.serve('{subnet: 10.77.0.0/24, mode: proxy}');
      const timeline = await boot();
      expect(timeline).toMatch(/OFFER \(firmware\) boot http:\S+\.efi[^]*http +snponly\.efi/);
      expect(timeline).not.toMatch(/ACK/);
      await other.stop();
      expect(other.output()).toMatch(/DHCPACK\(net0\) 10\.77\.0\.2\d\d 52:54:00:77:00:02/);
    });
  },
);
