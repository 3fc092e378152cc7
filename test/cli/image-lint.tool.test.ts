import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { mountPointsBelow } from '../../src/build/mounts.ts';
import { plantBusyboxBase } from '../daemon/busybox-base.ts';
import { type DaemonSite, makeSite } from '../daemon/site.ts';
import { describeWith } from '../requirements.ts';
import { commandLine } from './command-line.ts';

const KEY = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n';
const IMAGES = (more: string): string =>
  `trixie:\n  nbp: {stages: [stage.sh], outputs: {files: {a.efi: /srv/a.efi}}${more}}\n`;

describeWith(['root', 'buildah', 'mksquashfs', 'flock', 'setpriv', 'busybox', 'ldd'], 'image lint', () => {
  let site: DaemonSite;
  const run = (...argv: string[]) => commandLine('--config', site.config, ...argv);
  const write = (name: string, text: string): void => writeFileSync(join(site.images, name), text);

  beforeAll(async () => {
    site = makeSite({ images: IMAGES('') });
    write('stage.sh', 'mkdir -p /srv\necho efi > /srv/a.efi\n');
    await plantBusyboxBase(site, 'nbp');
  });

  afterAll(async () => {
    for (const point of await mountPointsBelow(site.data))
      await commandRunner.run(['umount', '--lazy', point]);
    site.remove();
  });

  test('judges what is built, fails for what a build would refuse, and passes what is waived', async () => {
    expect((await run('image', 'lint', 'nbp')).code).toBe(1);
    expect((await run('build', 'nbp')).code).toBe(0);
    expect(await run('image', 'lint', 'nbp')).toMatchObject({
      code: 0,
      stdout: 'Image "nbp" has nothing against it\n',
    });
    write('stage.sh', `mkdir -p /srv\necho efi > /srv/a.efi\ncat > /etc/key.pem <<END\n${KEY}END\n`);
    expect((await run('build', 'nbp')).code).toBe(1);
    const found = await run('image', 'lint', 'nbp');
    expect(found.code).toBe(1);
    expect(found.stdout).toMatch(/secrets.*\/etc\/key\.pem/);
    const asJson = await run('--json', 'image', 'lint', 'nbp');
    expect(asJson.code).toBe(1);
    expect(JSON.parse(asJson.stdout)).toMatchObject([{ rule: 'secrets', isWaived: false }]);
    write('config.yml', IMAGES(', lint: {allow: [secrets]}'));
    const waived = await run('image', 'lint', 'nbp');
    expect(waived).toMatchObject({ code: 0, stdout: expect.stringMatching(/waived/i) });
    expect((await run('image', 'lint', 'wbe')).code).not.toBe(0);
  });
});
