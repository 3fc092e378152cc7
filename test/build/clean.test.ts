import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { cleanRoot } from '../../src/build/clean.ts';
import { CLEAN_NAMES, type CleanName, switchedOff } from '../../src/build/clean-operations.ts';
import { temporaryFolder } from '../temporary.ts';

/** What each operation is for: files that it removes (or makes empty: `path=`), and one beside them that stays. */
const CASES: { readonly [N in CleanName]: { readonly gone: readonly string[]; readonly stays: string } } = {
  'abrt-data': { gone: ['/var/spool/abrt/crash/core'], stays: '/var/spool/other' },
  'bash-history': {
    gone: ['/root/.bash_history', '/home/ada/.zsh_history', '/home/ada/.python_history', '/root/.viminfo'],
    stays: '/home/ada/.bashrc',
  },
  'blkid-tab': { gone: ['/etc/blkid.tab', '/etc/blkid/blkid.tab.old'], stays: '/etc/blkid.conf' },
  'crash-data': { gone: ['/var/crash/1', '/var/lib/systemd/coredump/core.zst'], stays: '/var/lib/systemd/x' },
  'cron-spool': { gone: ['/var/spool/cron/crontabs/root', '/var/spool/at/a1'], stays: '/etc/cron.d/job' },
  'dhcp-client-state': {
    gone: ['/var/lib/dhcp/dhclient.eth0.leases', '/var/lib/NetworkManager/internal-1.lease'],
    stays: '/var/lib/NetworkManager/NetworkManager.conf',
  },
  hostname: { gone: ['/etc/hostname'], stays: '/etc/hosts' },
  logfiles: {
    gone: [
      '/var/log/dpkg.log',
      '/var/log/syslog.1',
      '/var/log/syslog.2.gz',
      '/var/log/apt/history.log',
      '/var/log/journal/0123/system.journal',
      '=/var/log/nginx/access.log',
      '=/var/log/faillog',
    ],
    stays: '/var/lib/log',
  },
  'machine-id': { gone: ['=/etc/machine-id', '=/var/lib/dbus/machine-id'], stays: '/var/lib/dbus/x' },
  'mail-spool': { gone: ['/var/mail/root', '/var/spool/mail/ada'], stays: '/etc/aliases' },
  'net-hostname': { gone: [], stays: '/etc/sysconfig/x' },
  'net-hwaddr': { gone: [], stays: '/etc/network/x' },
  'pacct-log': { gone: ['/var/account/pacct'], stays: '/var/account/x' },
  'package-manager-cache': {
    gone: ['/var/cache/apt/pkgcache.bin', '/var/cache/apt/archives/a_1.deb', '/var/cache/dnf/x/y'],
    stays: '/var/lib/apt/lists/deb.list',
  },
  'puppet-data-log': { gone: ['/var/lib/puppet/ssl/private_keys/a.pem'], stays: '/etc/puppet/puppet.conf' },
  'random-seed': { gone: ['/var/lib/systemd/random-seed'], stays: '/var/lib/systemd/y' },
  'rpm-db': { gone: ['/var/lib/rpm/__db.001'], stays: '/var/lib/rpm/Packages' },
  'ssh-hostkeys': {
    gone: ['/etc/ssh/ssh_host_rsa_key', '/etc/ssh/ssh_host_rsa_key.pub'],
    stays: '/etc/ssh/sshd_config',
  },
  'tmp-files': { gone: ['/tmp/a/b', '/var/tmp/c'], stays: '/var/lib/tmp' },
  'udev-persistent-net': {
    gone: ['/etc/udev/rules.d/70-persistent-net.rules'],
    stays: '/etc/udev/rules.d/70-other.rules',
  },
  utmp: { gone: ['=/var/log/wtmp', '=/var/log/lastlog', '/var/run/utmp'], stays: '/var/run/x' },
  'yum-uuid': { gone: ['/var/lib/yum/uuid'], stays: '/var/lib/yum/x' },
};

function write(root: string, path: string, text = 'content\n'): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function aRoot(): string {
  const root = temporaryFolder();
  for (const { gone, stays } of Object.values(CASES)) {
    for (const path of gone) write(root, path.replace('=', ''));
    write(root, stays);
  }
  return root;
}

function contentOf(root: string): ReadonlyMap<string, string> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [file.slice(root.length), readFileSync(file, 'utf8')]));
}

function allBut(name: CleanName): readonly CleanName[] {
  return CLEAN_NAMES.filter((other) => other !== name);
}

describe('cleanRoot', () => {
  it('has all operations of S1.9', () => {
    expect(CLEAN_NAMES).toHaveLength(22);
  });

  it.each(CLEAN_NAMES)('%s does its own and nothing else', async (name) => {
    const root = aRoot();
    const expected = new Map(contentOf(root));
    const { gone } = CASES[name];
    for (const path of gone) {
      if (path.startsWith('=')) expected.set(path.slice(1), '');
      else expected.delete(path);
    }
    if (name === 'logfiles') for (const path of ['wtmp', 'lastlog']) expected.set(`/var/log/${path}`, '');
    await cleanRoot(root, allBut(name));
    expect(contentOf(root)).toEqual(expected);
  });

  it('leaves nothing of all that, says what it did, and finds nothing the next time', async () => {
    const root = aRoot();
    const changed = await cleanRoot(root, []);
    const left = [...contentOf(root)].filter(([, text]) => text !== '').map(([path]) => path);
    expect(left.sort()).toEqual(
      Object.values(CASES)
        .map(({ stays }) => stays)
        .sort(),
    );
    expect(changed.get('ssh-hostkeys')).toBe(2);
    expect(await cleanRoot(root, [])).toEqual(new Map());
  });

  it('takes lines out of network settings', async () => {
    const root = temporaryFolder();
    const card = '/etc/sysconfig/network-scripts/ifcfg-eth0';
    write(root, card, 'DEVICE=eth0\nHWADDR=52:54:00:00:00:01\nDHCP_HOSTNAME=one\nONBOOT=yes\n');
    write(root, '/etc/network/interfaces', 'iface eth0 inet dhcp\n  hwaddress ether 52:54:00:00:00:01\n');
    await cleanRoot(root, []);
    expect(readFileSync(join(root, card), 'utf8')).toBe('DEVICE=eth0\nONBOOT=yes\n');
    expect(readFileSync(join(root, '/etc/network/interfaces'), 'utf8')).toBe('iface eth0 inet dhcp\n');
  });

  it.each(['/var', '/etc/ssh', '/home', '/tmp'])(
    'never leaves the root by a link in place of %s, absolute or not',
    async (link) => {
      for (const relative of [false, true]) {
        const [root, outside] = [aRootWithout(link), aRoot()];
        const before = contentOf(outside);
        mkdirSync(dirname(join(root, link)), { recursive: true });
        symlinkSync(
          relative ? `../../../../../../../..${outside}${link}` : `${outside}${link}`,
          join(root, link),
        );
        await cleanRoot(root, []);
        expect(contentOf(outside)).toEqual(before);
        expect(lstatSync(join(root, link)).isSymbolicLink()).toBe(true);
      }
    },
  );

  it('follows a link within the root, and removes a link without what it points to', async () => {
    const root = temporaryFolder();
    write(root, '/data/log/dpkg.log');
    write(root, '/data/key');
    mkdirSync(join(root, 'var'));
    mkdirSync(join(root, 'etc/ssh'), { recursive: true });
    symlinkSync('/data/log', join(root, 'var/log'));
    symlinkSync('/data/key', join(root, 'etc/ssh/ssh_host_rsa_key'));
    await cleanRoot(root, []);
    expect([...contentOf(root).keys()]).toEqual(['/data/key']);
    expect(readdirSync(join(root, 'etc/ssh'))).toEqual([]);
  });
});

test('switchedOff() names what an image turns off', () => {
  expect(switchedOff({ logfiles: false, 'abrt-data': false, utmp: true })).toEqual(['abrt-data', 'logfiles']);
});

function aRootWithout(path: string): string {
  const root = temporaryFolder();
  for (const { gone } of Object.values(CASES))
    for (const file of gone)
      if (!file.replace('=', '').startsWith(`${path}/`)) write(root, file.replace('=', ''));
  return root;
}
