import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { commandRunner } from '../../../src/adapters/command.ts';
import { describeWith } from '../../requirements.ts';
import { BUILD_TOOLS, BuildFolder, containerOf } from '../build-folder.ts';
import { treeOf } from '../site.ts';

const APT = `apt-get --yes --option Dir::Etc::sourcelist=/srv/repository/list --option Dir::Etc::sourceparts=-`;
const VERSIONS =
  "dpkg-query --show --showformat '${Package} ${Version}\\n' linux-image-amd64 linux-image-6-amd64 tool";

/** A package without files in a repository; the newest kernel's depends on one that belongs to its version. */
async function addPackage(repository: string, fields: Readonly<Record<string, string>>): Promise<void> {
  const { Package: name = '', Version: version = '' } = fields;
  const source = join(repository, 'source');
  const file = `${name}_${version}.deb`;
  const control = Object.entries({
    Architecture: 'all',
    Maintainer: 'test <t@localhost>',
    Description: 'x',
    ...fields,
  })
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('');
  mkdirSync(join(source, 'DEBIAN'), { recursive: true });
  writeFileSync(join(source, 'DEBIAN/control'), control);
  await commandRunner.run(['dpkg-deb', '--root-owner-group', '--build', source, join(repository, file)]);
  rmSync(source, { recursive: true });
  const hash = createHash('sha256')
    .update(readFileSync(join(repository, file)))
    .digest('hex');
  const place = `Filename: ./${file}\nSize: ${statSync(join(repository, file)).size}\nSHA256: ${hash}\n\n`;
  writeFileSync(join(repository, 'Packages'), `${control}${place}`, { flag: 'a' });
}

describeWith([...BUILD_TOOLS, 'dpkg-deb'], 'the kernel of a Debian root', () => {
  const folder = new BuildFolder();
  afterAll(() => folder.remove());

  it('stays as it is while a stage upgrades all else, unless the stage names a version', async () => {
    const repository = join(folder.images, 'repository/srv/repository');
    mkdirSync(repository, { recursive: true });
    for (const Version of ['1', '2']) {
      await addPackage(repository, { Package: `linux-image-${5 + Number(Version)}-amd64`, Version });
      const Depends = `linux-image-${5 + Number(Version)}-amd64`;
      await addPackage(repository, { Package: 'linux-image-amd64', Version, Depends });
      await addPackage(repository, { Package: 'tool', Version });
    }
    await addPackage(repository, { Package: 'linux-image-6-amd64', Version: '1.1' });
    writeFileSync(join(repository, 'list'), 'deb [trusted=yes] file:/srv/repository ./\n');
    folder.writeScript(
      'install.sh',
      `${APT} update\n${APT} install linux-image-amd64=1 linux-image-6-amd64=1 tool=1\n`,
    );
    // An image's own wish for the newest kernel does not count either.
    const pin = 'Package: linux-image-*\\nPin: version 2*\\nPin-Priority: 995\\n';
    folder.writeScript(
      'upgrade.sh',
      `printf '${pin}' > /etc/apt/preferences.d/kernel
      ${APT} dist-upgrade
      ${APT} install linux-image-amd64
      ${VERSIONS} > /etc/versions\n`,
    );
    folder.writeScript('newer.sh', `${APT} install linux-image-amd64=2\n${VERSIONS} > /etc/versions\n`);
    const stages = ['repository', 'install.sh', 'upgrade.sh', 'newer.sh'];
    const demo = { stages, outputs: { files: { versions: '/etc/versions' } } };
    const site = await folder.seededSite();
    const outcome = await folder.build(site, () => undefined, treeOf({ trixie: { demo } }, folder.images));
    const versions = async (index: number) =>
      readFileSync(
        join(await site.world.engine.topLayer(await containerOf(outcome, index, site)), 'etc/versions'),
        'utf8',
      );
    expect(await versions(3)).toBe('linux-image-6-amd64 1\nlinux-image-amd64 1\ntool 2\n');
    expect(await versions(4)).toBe('linux-image-6-amd64 1\nlinux-image-amd64 2\ntool 2\n');
  });
});
