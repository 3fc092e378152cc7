import { createReadStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { BUILD_TOOLS } from '../build/build-folder.ts';
import { freePort } from '../build/registry.ts';
import { describeWith } from '../requirements.ts';
import { overlayDrive, switchOn } from './disk-machine.ts';
import { type BootableRelease, buildBootable, READY } from './disk-site.ts';

const TOOLS = [
  ...BUILD_TOOLS,
  'qemu-system-x86_64',
  'qemu-img',
  'mformat',
  'mcopy',
  'sfdisk',
  'debugfs',
  'ssh',
  'ssh-keygen',
];

const OUTPUTS = ['squashfs', { raw: { size: '2GiB' } }, 'openstack', 'vagrant'];

describeWith(TOOLS, 'outputs, booted', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bivouac-outputs-'));
  let release: BootableRelease;
  let server: Server;

  beforeAll(async () => {
    release = await buildBootable('live', OUTPUTS);
    server = await serve(release);
  });

  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const url = (name: string): string => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('The server has no port');
    return `http://10.0.2.2:${address.port}/${name}`; // how a guest of QEMU's user network sees this machine
  };

  it.each([
    [
      'stock dracut',
      'initrd-dracut-live',
      (root: string) => `root=live:${root} rd.live.image ip=dhcp rd.neednet=1`,
    ],
    ['live-boot', 'initrd-live-boot', (root: string) => `boot=live fetch=${root} ip=dhcp`],
  ])('the flattened root boots by %s', async (_what, initramfs, cmdline) => {
    const boot = ['-kernel', release.path('vmlinuz'), '-initrd', release.path(initramfs)];
    const append = `${cmdline(url('rootfs.squashfs'))} console=ttyS0,115200`;
    const machine = await switchOn({
      folder: join(folder, initramfs),
      memoryMiB: 1536,
      arguments: [...boot, '-append', append, ...network()],
    });
    try {
      expect(await machine.line(READY)).toMatch(/root=overlay firmware=bios .*id=[0-9a-f]{32} writable=yes$/);
    } finally {
      await machine.off();
    }
  });

  it('a raw disk of the size that was asked for boots', async () => {
    const home = join(folder, 'raw');
    expect((await stat(release.path('disk.raw'))).size).toBe(2 * 1024 ** 3);
    const machine = await switchOn({
      folder: home,
      arguments: await overlayDrive(home, release.path('disk.raw')),
    });
    try {
      expect(await machine.line(READY)).toMatch(/root=ext4 firmware=bios size=1[0-9]{3}M /);
    } finally {
      await machine.off();
    }
  });

  it('a disk for OpenStack does what its user data says', async () => {
    const home = join(folder, 'openstack');
    const disk = await overlayDrive(home, release.path('openstack.qcow2'), '4G');
    const seed = join(home, 'seed.img');
    const userData = join(home, 'user-data');
    writeFileSync(
      userData,
      '#cloud-config\nhostname: cloudy\nruncmd:\n- [sh, -c, "echo USER-DATA $(hostname) $(ls /etc/ssh/ssh_host_*_key | wc -l) >/dev/console"]\n',
    );
    writeFileSync(join(home, 'meta-data'), 'instance-id: test\n');
    await commandRunner.run(['mformat', '-i', seed, '-C', '-f', '1440', '-v', 'CIDATA', '::']);
    await commandRunner.run(['mcopy', '-i', seed, userData, join(home, 'meta-data'), '::']);
    const drives = [...disk, '-drive', `if=virtio,format=raw,file=${seed}`];
    const machine = await switchOn({ folder: home, memoryMiB: 1024, arguments: [...drives, ...network()] });
    try {
      expect(await machine.line(/USER-DATA /)).toMatch(/USER-DATA cloudy [1-9]$/);
    } finally {
      await machine.off();
    }
  });

  it('a Vagrant box boots and lets its account in by key, with sudo', async () => {
    const home = join(folder, 'vagrant');
    mkdirSync(home);
    await commandRunner.run([
      'tar',
      '--extract',
      '--gzip',
      '--file',
      release.path('vagrant.box'),
      '--directory',
      home,
    ]);
    const { stdout } = await commandRunner.run(['cat', join(home, 'metadata.json')]);
    expect(JSON.parse(stdout)).toMatchObject({ provider: 'libvirt', format: 'qcow2', architecture: 'amd64' });
    const disk = join(home, 'disk.raw');
    await commandRunner.run(['qemu-img', 'convert', '-O', 'raw', join(home, 'box.img'), disk]);
    const key = await admitKey(home, disk);
    const port = await freePort();
    const drive = ['-drive', `if=virtio,format=raw,file=${disk}`];
    const machine = await switchOn({
      folder: home,
      arguments: [...drive, ...network(`,hostfwd=tcp:127.0.0.1:${port}-:22`)],
    });
    try {
      await machine.line(READY);
      const said = await ssh({ key, port }, 'sudo cat /proc/1/comm; cat ~/.ssh/authorized_keys');
      expect(said).toMatch(/^systemd\n[^]*vagrant insecure public key/);
    } finally {
      await machine.off();
    }
  });

  /** The private half of Vagrant's key is no business of this repository: a second key is written into the copy. */
  async function admitKey(home: string, disk: string): Promise<string> {
    const key = join(home, 'key');
    await commandRunner.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const root = `${disk}?offset=${66 * 1024 ** 2}`;
    const keys = '/home/vagrant/.ssh/authorized_keys';
    const file = join(home, 'authorized_keys');
    await commandRunner.run(['debugfs', '-R', `dump ${keys} ${file}`, root]);
    const { stdout } = await commandRunner.run(['cat', file, `${key}.pub`]);
    writeFileSync(file, stdout);
    const { stdout: info } = await commandRunner.run(['debugfs', '-R', `stat ${keys}`, root]);
    const user = /User: +([0-9]+)/.exec(info)?.[1] ?? '';
    const group = /Group: +([0-9]+)/.exec(info)?.[1] ?? '';
    const mode = ['mode 0100600', `uid ${user}`, `gid ${group}`].map((field) => `sif ${keys} ${field}`);
    const commands = [`rm ${keys}`, `write ${file} ${keys}`, ...mode, ''].join('\n');
    await commandRunner.run(['debugfs', '-w', '-f', '-', root], { input: commands });
    return key;
  }
});

function network(forward = ''): readonly string[] {
  return ['-netdev', `user,id=net0${forward}`, '-device', 'virtio-net-pci,netdev=net0'];
}

async function ssh({ key, port }: { key: string; port: number }, command: string): Promise<string> {
  const options = [
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'BatchMode=yes',
    'ConnectTimeout=120',
  ];
  const argv = ['ssh', '-i', key, '-p', String(port), ...options.flatMap((option) => ['-o', option])];
  for (let attempt = 1; ; attempt += 1) {
    try {
      const whole = [...argv, 'vagrant@127.0.0.1', '--', command] as const;
      return (await commandRunner.run(['env', ...whole], { timeout: 180_000 })).stdout;
    } catch (error) {
      if (attempt >= 10) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5000));
    }
  }
}

/** Files of the release by their names, on loopback. */
async function serve(release: BootableRelease): Promise<Server> {
  const server = createServer((request, response) => {
    const path = release.path((request.url ?? '/').slice(1));
    stat(path)
      .then(({ size }) => {
        response.setHeader('Content-Length', size);
        if (request.method === 'HEAD') response.end();
        else createReadStream(path).pipe(response);
      })
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
