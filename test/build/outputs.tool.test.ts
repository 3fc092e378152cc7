import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import type { BuildOutcome } from '../../src/build/build.ts';
import type { BuildSite } from '../../src/build/site.ts';
import { digestHex } from '../../src/core/artefact.ts';
import { STABLE } from '../../src/core/image.ts';
import type { Argv } from '../../src/ports/command.ts';
import { describeWith } from '../requirements.ts';
import { BUILD_TOOLS, BuildFolder, containerOf } from './build-folder.ts';
import { startRegistry, type TestRegistry } from './registry.ts';
import { treeOf } from './site.ts';
import { describeTree, pathsOf } from './tree-listing.ts';

const TOOLS = [...BUILD_TOOLS, 'skopeo', 'docker-registry', 'getfattr', 'getcap', 'zstd', 'unsquashfs'];

// What archives lose easily: capabilities, attributes, hard links, modes, a name that is no ASCII, and removals.
const ODD = `
cp /usr/bin/env /usr/bin/capable
# setcap cap_net_raw=ep, which this root does not have: setxattr(2) is call 188 on amd64, the value is struct vfs_cap_data.
perl -e 'my ($f, $n, $v) = ("/usr/bin/capable", "security.capability", pack("V5", 0x02000001, 1 << 13, 0, 0, 0)); exit syscall(188, $f, $n, $v, 20, 0)'
ln /usr/bin/capable /usr/bin/capable-too
install -d -m 2750 -g mail '/srv/ä b'
echo old > /usr/share/demo-old
mkdir -p /usr/share/demo-dir/sub
echo old > /usr/share/demo-dir/sub/old
`;
const REMOVE = `
rm /usr/share/demo-old
rm -r /usr/share/demo-dir
mkdir /usr/share/demo-dir
echo new > /usr/share/demo-dir/new
`;

describeWith(TOOLS, 'outputs of real builds', () => {
  const folder = new BuildFolder();
  let registry: TestRegistry;
  let site: BuildSite;
  let outcome: BuildOutcome;
  const lines: string[] = [];

  /** The tree with what the registry's address and the credentials file are. */
  const build = (on: BuildSite) => folder.build(on, () => undefined, images());
  const images = () =>
    treeOf(
      {
        trixie: {
          demo: {
            stages: ['one.sh', 'odd.sh', 'remove.sh'],
            outputs: {
              squashfs: null,
              tar: { compression: 'zstd' },
              oci: { command: ['/usr/bin/env'], push: registry.push('demo') },
            },
          },
        },
      },
      folder.images,
    );

  const pathOf = (name: string, data = folder.data()): string => {
    const file = outcome.release.release.files.find((each) => each.name === name);
    if (file === undefined) throw new Error(`The release has no file "${name}"`);
    const hex = digestHex(file.digest);
    return join(data, 'artefacts/sha256', hex.slice(0, 2), hex);
  };

  beforeAll(async () => {
    registry = await startRegistry(folder.path);
    folder.writeScript('odd.sh', ODD);
    folder.writeScript('remove.sh', REMOVE);
    site = await folder.seededSite();
    outcome = await folder.build(site, (line) => lines.push(line), images());
  });

  afterAll(async () => {
    await registry.stop();
    await folder.remove();
  });

  it('are files of the release, each with its kind', async () => {
    expect(outcome.release.release.files.map(({ name, kind }) => [name, kind])).toEqual([
      ['oci.tar', 'oci'],
      ['rootfs.squashfs', 'squashfs'],
      ['rootfs.tar.zst', 'tar'],
    ]);
    expect(await folder.leftovers()).toEqual([]);
    const secret = /"auth": ?"([^"]+)"/.exec(readFileSync(registry.authFile, 'utf8'))?.[1] ?? 'no secret';
    expect(secret).toMatch(/^[A-Za-z0-9+/]{20,}=*$/);
    expect(lines.join('\n')).not.toContain(secret);
  });

  it('hold exactly the root: a tarball, a squashfs and a container image give the same tree', async () => {
    const unpack = async (name: string, argv: (target: string) => Argv): Promise<string> => {
      const target = folder.data(`unpacked-${name}`);
      if (name === 'tar') mkdirSync(target);
      await commandRunner.run(argv(target));
      return target;
    };
    const tar = await unpack('tar', (target) => [
      'tar',
      ...['--extract', '--zstd', '--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner'],
      ...['--file', pathOf('rootfs.tar.zst'), '--directory', target],
    ]);
    const squashfs = await unpack('squashfs', (target) => [
      'unsquashfs',
      ...['-quiet', '-no-progress', '-dest', target, pathOf('rootfs.squashfs')],
    ]);
    const container = await site.world.engine.create(await containerOf(outcome, 3, site));
    await commandRunner.run(['chmod', '0755', container.root]);
    const [theirs, tarred, squashed] = await Promise.all(
      [container.root, tar, squashfs].map((root) => describeTree(root)),
    );
    await container.discard();
    expect(tarred?.entries).toEqual(theirs?.entries);
    expect(squashed?.entries).toEqual(theirs?.entries);
    expect(squashed?.sum).toBe(tarred?.sum);
    const { stdout } = await commandRunner.run(['getcap', join(tar, 'usr/bin/capable-too')]);
    expect(stdout).toContain('cap_net_raw=ep');
    expect(pathsOf(tarred?.entries ?? [])).not.toContain('usr/share/demo-old');
  });

  it('run as a container from the registry they were pushed to, with all removals', async () => {
    const store = folder.data('pulled');
    const buildah = async (...args: string[]): Promise<string> => {
      const storage = [
        '--root',
        join(store, 'root'),
        '--runroot',
        join(store, 'run'),
        '--storage-driver',
        'overlay',
      ];
      return (await commandRunner.run(['buildah', ...storage, ...args])).stdout.trim();
    };
    const policy = join(folder.path, 'policy.json');
    writeFileSync(policy, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
    const access = ['--tls-verify=false', '--authfile', registry.authFile, '--signature-policy', policy];
    const name = await buildah('from', ...access, registry.push('demo').to);
    try {
      const run = (...argv: string[]) => buildah('run', '--isolation', 'chroot', name, '--', ...argv);
      expect(await run('cat', '/etc/os-release')).toContain('VERSION_CODENAME=trixie');
      expect(await run('ls', '/usr/share/demo-dir')).toBe('new');
      expect(await run('stat', '-c', '%a %U:%G %h', '/srv/ä b', '/usr/bin/capable')).toBe(
        '2750 root:mail 2\n755 root:root 2',
      );
      const root = await buildah('mount', name);
      for (const gone of ['usr/share/demo-old', 'usr/share/common-licenses', 'etc/debian_version']) {
        expect(existsSync(join(root, gone))).toBe(false);
      }
      expect((await commandRunner.run(['getcap', join(root, 'usr/bin/capable')])).stdout).toContain(
        'cap_net_raw=ep',
      );
      const inspect: unknown = JSON.parse(await buildah('inspect', '--format', '{{.Config}}', name));
      expect(inspect).toMatchObject({
        architecture: 'amd64',
        os: 'linux',
        config: { Cmd: ['/usr/bin/env'] },
        rootfs: { diff_ids: Array<unknown>(4).fill(expect.stringMatching(/^sha256:/)) },
      });
    } finally {
      await buildah('rm', name);
      await commandRunner.run(['umount', join(store, 'root/overlay')]).catch(() => undefined);
    }
  });

  it('are known, and pushed no more, when nothing changed', async () => {
    const requests = registry.requests();
    expect(await build(site)).toMatchObject({ published: false, stepsRun: 0 });
    expect(registry.requests()).toBe(requests);
  });

  it('are published although the registry is away, and pushed by the next build', async () => {
    folder.writeScript('remove.sh', `${REMOVE}echo changed > /etc/changed\n`);
    await registry.stop();
    await expect(build(site)).rejects.toThrow(/^Cannot push image "demo" to "docker:.*: .*refused/);
    const [latest] = await site.catalogue.history(outcome.release.release.image, STABLE);
    expect(latest?.digest).not.toBe(outcome.release.digest);
    registry = await startRegistry(folder.path, registry);
    expect(await build(site)).toMatchObject({ published: false, stepsRun: 0 });
    expect(registry.requests()).toBeGreaterThan(0);
    folder.writeScript('remove.sh', REMOVE);
  });
});
