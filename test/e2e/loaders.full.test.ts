import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { describeWith } from '../requirements.ts';
import { BridgedLab } from './bridged-lab.ts';
import { DATA, makeLabSite, ROOT } from './site.ts';

const LOADERS = `#!/bin/sh -eu
apt-get update
apt-get install --yes --no-install-recommends pxelinux syslinux-common grub-efi-amd64-signed
`;

const FILES = `        pxelinux.0: /usr/lib/PXELINUX/pxelinux.0
        ldlinux.c32: /usr/lib/syslinux/modules/bios/ldlinux.c32
        grubnetx64.efi: /usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed
`;

/** QEMU has no BIOS ROM but iPXE, and iPXE is never given another NBP by DHCP: the site's own script starts it. */
const START_PXELINUX = `#!ipxe
set net0/filename pxelinux.0
chain tftp://\${next-server}/pxelinux.0
`;

// PXELINUX and GRUB fetch their configuration, kernel, initramfs and token by the names that TFTP makes for each host.
describeWith(['root', 'qemu-system-x86_64', 'buildah', 'mmdebstrap', 'ip'], 'other boot loaders', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bivouac-loaders-'));
  let lab: BridgedLab;

  beforeAll(async () => {
    const { config } = await makeLabSite(folder, DATA);
    const [images, boot] = [join(folder, 'images'), join(folder, 'boot')];
    cpSync(join(ROOT, 'images'), images, { recursive: true });
    cpSync(join(ROOT, 'boot'), boot, { recursive: true });
    writeFileSync(join(images, 'nbp/loaders.sh'), LOADERS, { mode: 0o755 });
    const tree = join(images, 'config.yml');
    writeFileSync(
      tree,
      readFileSync(tree, 'utf8')
        .replace('[nbp/ipxe.sh]', '[nbp/ipxe.sh, nbp/loaders.sh]')
        .replace(/^ {6}files:\n/m, (line) => line + FILES),
    );
    writeFileSync(join(boot, 'script.ipxe.njk'), START_PXELINUX);
    appendFileSync(join(folder, 'hosts/web02.yml'), 'bootfile: grubnetx64.efi\n');
    writeFileSync(
      config,
      readFileSync(config, 'utf8').replace(`${ROOT}/images`, images).replace(`${ROOT}/boot`, boot),
    );
    for (const image of ['nbp', 'web']) {
      const build = [
        process.execPath,
        join(ROOT, 'src/main.ts'),
        '--config',
        config,
        'build',
        image,
      ] as const;
      await commandRunner.run(build, { log: (line) => console.log(line) });
    }
    lab = new BridgedLab('loaders', { folder, config });
    lab.wire(['web01', 'web02']);
  });

  afterEach(() => lab.quiet());

  afterAll(async () => {
    await lab.down();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    [
      'PXELINUX',
      'web01',
      'bios',
      ['pxelinux.0', 'ldlinux.c32', 'pxelinux configuration', 'kernel', 'initramfs'],
      [],
    ],
    ['GRUB', 'web02', 'uefi', ['grubnetx64.efi', 'grub configuration'], ['kernel', 'initramfs']],
  ] as const)(
    '%s fetches what its host boots, and the token with it',
    async (_name, host, firmware, byTftp, byHttp) => {
      await lab.serve('{subnet: 10.77.0.0/24, pool: 10.77.0.100-10.77.0.199}');
      await lab.powerOn(host, firmware);
      // Only with the token does the initramfs get the manifest.
      await expect
        .poll(() => lab.timeline(host), { timeout: 900_000, interval: 3000 })
        .toMatch(/host +manifest-fetched/);
      const timeline = await lab.timeline(host);
      for (const name of [...byTftp, 'boot.env']) expect(timeline).toMatch(new RegExp(`tftp +${name} `));
      for (const name of byHttp) expect(timeline).toMatch(new RegExp(`http +${name} `));
    },
  );
});
