import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith } from '../requirements.ts';
import { Disk, sum } from './disk-fixture.ts';
import { startFileServer } from './file-server.ts';

const RELEASE = `sha256:${'d'.repeat(64)}`;
const NAMES = { BIVOUAC_HOST: 'web01', BIVOUAC_BOOT: 'b1', BIVOUAC_RELEASE: RELEASE };

describeWith(['busybox', 'sha256sum', '/usr/bin/curl'], 'a boot that the local disk keeps', () => {
  const layer = randomBytes(5000);
  const conffs = randomBytes(3000);
  const kernel = randomBytes(4000);
  const initramfs = randomBytes(6000);

  /** Keeps one boot, of a server that gives this text for `/boot/start`. */
  async function kept(change: (text: string) => string = (text) => text) {
    const disk = new Disk();
    const answers = new Map<string, Uint8Array>([
      ['/kernel', kernel],
      ['/initramfs', initramfs],
    ]);
    const server = await startFileServer((request, response) => {
      if (request.url === '/boot/start') {
        const file = (word: string, bytes: Uint8Array) =>
          `${word} sha256:${sum(bytes)} ${bytes.length} ${server.base}/${word}`;
        const lines = [
          'bivouac-start 1',
          'host web01',
          'boot b1',
          `release ${answers.get('release')?.toString() ?? RELEASE}`,
        ];
        lines.push(file('kernel', kernel), file('initramfs', initramfs));
        lines.push(
          'cmdline console=ttyS0 a[1]=* BOOTIF=01-52-54-00-77-00-01 bivouac.cache=bivouac-cache',
          'end',
        );
        response.end(change(`${lines.join('\n')}\n`));
      } else response.end(answers.get(request.url ?? ''));
    });
    const uname = (await disk.run('uname -r')).stdout.trim();
    const manifest = [
      'bivouac-manifest 1',
      'host web01',
      'boot b1',
      'image web',
      `release ${RELEASE}`,
      `kernel-version ${uname}`,
      `layer sha256:${sum(layer)} ${layer.length} http://gone/x`,
      `conffs sha256:${sum(conffs)} ${conffs.length} ${server.base}/boot/conffs`,
      'end',
    ];
    disk.shell.write('manifest', `${manifest.join('\n')}\n`);
    disk.shell.write('manifest.signature', '');
    disk.shell.write('authorization', 'Authorization: Bearer t\n');
    disk.shell.write(`images/${sum(conffs)}`, conffs);
    disk.keep(layer);
    const program = `${say}BIVOUAC_SERVER=${server.base}; parse_manifest "$RUN/manifest" "$RUN/plan" || echo "$FAIL_REASON"
      keep_conffs ${sum(conffs)}; keep_boot ${sum(conffs)}`;
    return { disk, server: { base: server.base, answers }, result: await disk.run(names + program) };
  }
  const say = 'say() { echo "$1"; }\n';
  const names = Object.entries(NAMES)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
  const load = `${say}mount_layer() { echo "mount $1 $2"; }; unpack_conffs() { echo "conffs $1"; }; check_memory() { :; }
    folder=$(kept_folder) || { echo nothing kept; exit 3; }
    load_from_disk "$folder" 'network: no link' || { echo "FAIL $FAIL_STAGE: $FAIL_REASON"; exit 1; }
    echo "$BIVOUAC_HOST $BIVOUAC_RELEASE $LAYERS $(cat "$RUN/from-disk")"`;

  it('holds all that the next one needs, secret, and entries for boot loaders', async () => {
    const { disk, result } = await kept();
    expect(result.stdout).toContain('is kept for a boot without the server');
    const current = readFileSync(join(disk.cache, 'current'), 'utf8');
    const folder = join(disk.cache, 'boots', current);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'conffs.tar')).mode & 0o777).toBe(0o600);
    for (const bytes of [kernel, initramfs]) {
      expect(readFileSync(join(disk.cache, 'files', sum(bytes))).equals(bytes)).toBe(true);
    }
    const entry = readFileSync(join(disk.cache, '../loader/entries/bivouac.conf'), 'utf8');
    expect(entry).toContain(`linux /bivouac/files/${sum(kernel)}\ninitrd /bivouac/files/${sum(initramfs)}\n`);
    expect(entry).toContain('options console=ttyS0 a[1]=* BOOTIF=');
    expect(readFileSync(join(disk.cache, 'grub.cfg'), 'utf8')).toContain(
      " 'console=ttyS0' 'a[1]=*' 'BOOTIF=",
    );
    expect(readdirSync(disk.cache).toSorted()).toEqual(['boots', 'current', 'files', 'grub.cfg']);
  });

  it('boots while the server is away, as the host that it was', async () => {
    const { disk } = await kept();
    const { code, stdout } = await disk.run(load);
    expect(code, stdout).toBe(0);
    expect(stdout).toContain(
      `mount ${sum(layer)} 0\nconffs ${sum(conffs)}\nweb01 ${RELEASE} 1 network: no link\n`,
    );
    expect(stdout).toMatch(
      /^the server does not serve this boot \(network: no link\)\nbooting what the disk keeps of /,
    );
  });

  it.each([
    [
      'a damaged layer',
      (disk: Disk) => disk.keep(Buffer.from('x'), 0, sum(layer)),
      'FAIL disk: The disk does not hold layer 1',
    ],
    [
      'damaged conffs',
      (disk: Disk) =>
        writeFileSync(
          join(disk.cache, 'boots', readFileSync(join(disk.cache, 'current'), 'utf8'), 'conffs.tar'),
          'x',
        ),
      'FAIL disk: The conffs on the disk are damaged',
    ],
    [
      'a manifest of other bytes',
      (disk: Disk) =>
        writeFileSync(
          join(disk.cache, 'boots', readFileSync(join(disk.cache, 'current'), 'utf8'), 'manifest'),
          'x',
        ),
      'nothing kept',
    ],
  ])('is refused with %s', async (_name, damage, reason) => {
    const { disk } = await kept();
    damage(disk);
    const { code, stdout } = await disk.run(load);
    expect(stdout).toContain(reason);
    expect(code).not.toBe(0);
  });

  it('is refused for another host than the boot loader named, and for another kernel', async () => {
    const { disk } = await kept();
    expect((await disk.run(`BIVOUAC_HOST=web02\n${load}`)).stdout).toContain(
      'The disk is of host web01, this is web02',
    );
    expect((await disk.run(`uname() { echo 1.2.3; }\n${load}`)).code).toBe(3);
  });

  it('waits for the next start when its kernel is not the running one; the older set is booted', async () => {
    const { disk, server } = await kept();
    const before = readFileSync(join(disk.cache, 'current'), 'utf8');
    const newer = randomBytes(7000);
    const release = `sha256:${'f'.repeat(64)}`;
    server.answers.set('/layer', newer).set('/boot/conffs', conffs).set('release', Buffer.from(release));
    disk.shell.write(
      'manifest',
      disk.shell
        .read('manifest')
        .replaceAll(RELEASE, release)
        .replace(/kernel-version .*/, 'kernel-version 9.9'),
    );
    disk.shell.write(
      'plan',
      `layer ${sum(newer)} ${newer.length} ${server.base}/layer\nconffs ${sum(conffs)} ${conffs.length} ${server.base}/boot/conffs\n`,
    );
    const { stdout, code } = await disk.run(`${names}BIVOUAC_RELEASE=${release} BIVOUAC_SERVER=${server.base}
      AWAY=0 LOCAL=1 FAIL_STAGE=modules FAIL_REASON='The release is for kernel 9.9'
      KEPT=$(kept_folder); ${say}may_use_disk || exit 9
      ${load}`);
    expect(code, stdout).toBe(0);
    expect(stdout).toContain(
      'disk: The release is for kernel 9.9; keeping that release for the next start\ndisk: release sha256:ffff',
    );
    expect(stdout).toContain(`web01 ${RELEASE} 1 network: no link`);
    const after = readFileSync(join(disk.cache, 'current'), 'utf8');
    expect(after.slice(0, 16)).toBe('f'.repeat(16));
    expect(readdirSync(join(disk.cache, 'boots')).toSorted()).toEqual([after, before].toSorted());
    expect(readFileSync(join(disk.cache, 'files', sum(newer))).equals(newer)).toBe(true);
  });

  it.each([
    ['another host', (text: string) => text.replace('host web01', 'host web02')],
    ['a command', (text: string) => text.replace('console=ttyS0', "x';reboot;'")],
    [
      'another digest',
      (text: string) => text.replace(/kernel sha256:.{64}/, `kernel sha256:${'e'.repeat(64)}`),
    ],
    ['a line more', (text: string) => `${text}menuentry x\n`],
    ['nothing', () => ''],
  ])('is not kept when what starts it has %s', async (_name, change) => {
    const { disk, result } = await kept(change);
    expect(result.stdout).toContain('disk: this boot is not kept');
    expect(readdirSync(join(disk.cache, 'boots'))).toEqual([]);
    expect(existsSync(join(disk.cache, 'current'))).toBe(false);
  });
});
