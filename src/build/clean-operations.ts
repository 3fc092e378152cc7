/** One thing that a cleaning operation does. Paths are absolute, `*` is any part of one name; links never lead out of the root. */
export type CleanRule =
  /** Remove files, or folders with all that is in them. */
  | { readonly kind: 'remove'; readonly path: string }
  /** Make files empty; they keep mode and owner. */
  | { readonly kind: 'empty'; readonly path: string }
  /** Make all files below a folder empty, at any depth. */
  | { readonly kind: 'empty-below'; readonly path: string }
  /** Remove lines of text files. */
  | { readonly kind: 'lines'; readonly path: string; readonly lines: RegExp };

/** What one operation takes out of a root. */
export interface CleanOperation {
  readonly what: string;
  readonly rules: readonly CleanRule[];
}

/**
 * Every operation of the cleaning, by the names that virt-sysprep made common. All are on unless an image says otherwise:
 * each removes what tells one machine from another, leaks what was done on it, or grows.
 */
export const CLEAN_OPERATIONS = {
  'abrt-data': { what: 'crash reports of ABRT', rules: [remove('/var/spool/abrt/*')] },
  'bash-history': {
    what: 'histories of shells and tools',
    rules: ['/root', '/home/*'].flatMap((home) => [
      remove(`${home}/.*_history`),
      remove(`${home}/.lesshst`),
      remove(`${home}/.viminfo`),
      remove(`${home}/.wget-hsts`),
    ]),
  },
  'blkid-tab': {
    what: 'block devices of the machine that built it',
    rules: [remove('/etc/blkid.tab*'), remove('/etc/blkid/blkid.tab*'), remove('/var/run/blkid/*')],
  },
  'crash-data': {
    what: 'kernel crash dumps',
    rules: [remove('/var/crash/*'), remove('/var/log/dump/*'), remove('/var/lib/systemd/coredump/*')],
  },
  'cron-spool': {
    what: "users' crontabs and at jobs; an image's own belong into /etc/cron.d",
    rules: [
      remove('/var/spool/cron/crontabs/*'),
      remove('/var/spool/cron/atjobs/*'),
      remove('/var/spool/cron/atspool/*'),
      remove('/var/spool/at/*'),
    ],
  },
  'dhcp-client-state': {
    what: 'leases of DHCP clients',
    rules: [
      remove('/var/lib/dhclient/*'),
      remove('/var/lib/dhcp/*.leases'),
      remove('/var/lib/dhcpcd*/*.lease*'),
      remove('/var/lib/NetworkManager/*.lease'),
      remove('/var/lib/NetworkManager/secret_key'),
      remove('/var/lib/systemd/network/*.lease'),
    ],
  },
  hostname: { what: "a host's name", rules: [remove('/etc/hostname'), remove('/etc/mailname')] },
  logfiles: {
    what: 'logs: those of package tools and older ones go, others are made empty and keep mode and owner',
    rules: [
      remove('/var/log/dpkg.log'),
      remove('/var/log/alternatives.log'),
      remove('/var/log/bootstrap.log'),
      remove('/var/log/*.gz'),
      remove('/var/log/*.old'),
      remove('/var/log/*.[0-9]'),
      remove('/var/log/apt/*'),
      remove('/var/log/installer'),
      remove('/var/log/journal/*'),
      remove('/var/log/anaconda*'),
      { kind: 'empty-below', path: '/var/log' },
    ],
  },
  'machine-id': {
    what: 'the machine id of systemd and D-Bus, whose file stays, empty',
    rules: [
      { kind: 'empty', path: '/etc/machine-id' },
      { kind: 'empty', path: '/var/lib/dbus/machine-id' },
    ],
  },
  'mail-spool': {
    what: 'mail',
    rules: [remove('/var/mail/*'), remove('/var/spool/mail/*'), remove('/var/spool/exim4/input/*')],
  },
  'net-hostname': {
    what: "a host's name in network settings",
    rules: [
      lines('/etc/sysconfig/network-scripts/ifcfg-*', /^\s*(?:DHCP_)?HOSTNAME=/),
      lines('/etc/sysconfig/network', /^\s*HOSTNAME=/),
    ],
  },
  'net-hwaddr': {
    what: 'MAC addresses in network settings',
    rules: [
      lines('/etc/sysconfig/network-scripts/ifcfg-*', /^\s*HWADDR=/),
      lines('/etc/network/interfaces', /^\s*hwaddress\s/),
      lines('/etc/network/interfaces.d/*', /^\s*hwaddress\s/),
    ],
  },
  'pacct-log': {
    what: 'process accounting',
    rules: [remove('/var/account/pacct*'), remove('/var/log/account/pacct*')],
  },
  'package-manager-cache': {
    what: 'downloaded packages and caches of package managers; not the package lists',
    rules: [
      remove('/var/cache/apt/*.bin'),
      remove('/var/cache/apt/archives/*.deb'),
      remove('/var/cache/apt/archives/partial/*'),
      remove('/var/cache/dnf/*'),
      remove('/var/cache/yum/*'),
      remove('/var/cache/zypp/*'),
    ],
  },
  'puppet-data-log': {
    what: 'keys, state and logs of Puppet',
    rules: [
      remove('/var/log/puppet/*'),
      remove('/var/lib/puppet/ssl/*'),
      remove('/var/lib/puppet/state/*'),
      remove('/etc/puppetlabs/puppet/ssl/*'),
      remove('/opt/puppetlabs/puppet/cache/state/*'),
    ],
  },
  'random-seed': {
    what: 'seeds of random numbers, which hosts must not share',
    rules: [
      remove('/var/lib/random-seed'),
      remove('/var/lib/urandom/random-seed'),
      remove('/var/lib/systemd/random-seed'),
      remove('/var/lib/systemd/credential.secret'),
      remove('/boot/loader/random-seed'),
    ],
  },
  'rpm-db': { what: 'files of RPM that it makes anew', rules: [remove('/var/lib/rpm/__db.*')] },
  'ssh-hostkeys': {
    what: 'SSH host keys',
    rules: [remove('/etc/ssh/ssh_host_*_key'), remove('/etc/ssh/ssh_host_*_key.pub')],
  },
  'tmp-files': {
    what: 'all in /tmp and /var/tmp',
    rules: [remove('/tmp/*'), remove('/var/tmp/*')],
  },
  'udev-persistent-net': {
    what: 'names of network cards by MAC address',
    rules: [remove('/etc/udev/rules.d/70-persistent-net.rules')],
  },
  utmp: {
    what: 'who was logged in',
    rules: [
      remove('/var/run/utmp'),
      { kind: 'empty', path: '/var/log/wtmp' },
      { kind: 'empty', path: '/var/log/btmp' },
      { kind: 'empty', path: '/var/log/lastlog' },
      remove('/var/lib/wtmpdb/*'),
      remove('/var/lib/lastlog/*'),
    ],
  },
  'yum-uuid': { what: 'the id of a machine by YUM', rules: [remove('/var/lib/yum/uuid')] },
} as const satisfies Readonly<Record<string, CleanOperation>>;

/** Name of an operation. */
export type CleanName = keyof typeof CLEAN_OPERATIONS;

/** All names, sorted. */
export const CLEAN_NAMES: readonly CleanName[] = Object.keys(CLEAN_OPERATIONS).filter(isCleanName).sort();

/** Whether a text names an operation. */
export function isCleanName(text: string): text is CleanName {
  return Object.hasOwn(CLEAN_OPERATIONS, text);
}

/** The operations that `clean` of an image switches off, sorted; all others are on. */
export function switchedOff(clean: Readonly<Record<string, boolean>>): readonly CleanName[] {
  return CLEAN_NAMES.filter((name) => clean[name] === false);
}

function remove(path: string): CleanRule {
  return { kind: 'remove', path };
}

function lines(path: string, matching: RegExp): CleanRule {
  return { kind: 'lines', path, lines: matching };
}
