import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandRunner } from '../../../src/adapters/command.ts';
import { conffsArchive, conffsEntries, type HostConfigInput } from '../../../src/boot/host-config.ts';
import type { HostFile } from '../../../src/ports/host-files.ts';
import { SSH_KEY_TYPES } from '../../../src/ports/key-maker.ts';
import type { TarEntry } from '../../../src/wire/tar.ts';
import { aHost, aNamedRelease, hostName, ip, mac } from '../../builders.ts';
import { atLeast, atMost, type BenchCase, type BenchRow, secondsOf } from '../harness.ts';

const HOSTS = 100;
const MANY = 1000;
const FILES = 28;

/** What is measured of conffs that need no playbook. */
const ROWS = {
  ratio: {
    name: 'conffs-to-mounts',
    unit: 'ratio',
    bar: atLeast(10),
    work: `conffs of ${HOSTS} hosts with ${FILES} templates each, rendered, packed and hashed; against an overlay mount, a copy and a tar for each`,
    figuresUnit: 's',
  },
  many: {
    name: 'conffs-1000-hosts',
    unit: 's',
    bar: atMost(10),
    work: `conffs of ${MANY} hosts with ${FILES} templates each, rendered, packed and hashed`,
  },
} as const satisfies Record<string, BenchRow>;

/**
 * How many times as fast as one mount and one tar for each host the conffs of 100 hosts are made, both in the same round,
 * either one first; and the seconds for 1000 hosts. Keys are at hand.
 */
export function conffsOfHosts(): BenchCase {
  const inputs = Array.from({ length: MANY }, (_, index) => hostInput(index));
  const few = inputs.slice(0, HOSTS);
  return {
    rows: Object.values(ROWS),
    ...(process.getuid?.() === 0 ? {} : { skip: 'needs root' }),
    measure: async (round) => {
      const runs = [
        ['bivouac', () => secondsOf(async () => renderAll(few))],
        ['mount and tar', () => secondsOf(async () => mountAll(few))],
      ] as const;
      const seconds: Record<string, number> = {};
      for (const [name, run] of round % 2 === 0 ? runs : runs.toReversed()) seconds[name] = await run();
      const { bivouac = 0, 'mount and tar': mounted = 0 } = seconds;
      return {
        [ROWS.ratio.name]: { value: mounted / bivouac, figures: seconds },
        [ROWS.many.name]: { value: await secondsOf(async () => renderAll(inputs)) },
      };
    },
  };
}

function renderAll(inputs: readonly HostConfigInput[]): void {
  const digests = new Set(inputs.map(digestOf));
  if (digests.size !== inputs.length)
    throw new Error(`Expected ${inputs.length} different conffs, got ${digests.size}`);
}

/** The other way: for each host an overlay over a root, its rendered files written there, the upper directory packed. */
async function mountAll(inputs: readonly HostConfigInput[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bivouac-bench-conffs-'));
  const at = (name: string): string => join(folder, name);
  mkdirSync(at('lower'));
  try {
    for (const input of inputs) {
      for (const name of ['upper', 'work', 'merged']) mkdirSync(at(name));
      const options = `lowerdir=${at('lower')},upperdir=${at('upper')},workdir=${at('work')}`;
      await commandRunner.run(['mount', '-t', 'overlay', 'overlay', '-o', options, at('merged')]);
      try {
        for (const entry of conffsEntries(input)) writeEntry(at('merged'), entry);
        await commandRunner.run([
          'tar',
          '--create',
          '--file',
          at('conffs.tar'),
          '--directory',
          at('upper'),
          '.',
        ]);
      } finally {
        await commandRunner.run(['umount', at('merged')]);
      }
      for (const name of ['upper', 'work', 'merged']) rmSync(at(name), { recursive: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeEntry(root: string, entry: TarEntry): void {
  const path = join(root, entry.path);
  if (entry.kind === 'directory') mkdirSync(path, { recursive: true, mode: entry.mode });
  else if (entry.kind === 'file') writeFileSync(path, entry.content, { mode: entry.mode });
}

function digestOf(input: HostConfigInput): string {
  return createHash('sha256').update(conffsArchive(input)).digest('hex');
}

function hostInput(index: number): HostConfigInput {
  const name = hostName(`web${String(index).padStart(3, '0')}`);
  const address = ip(`10.77.${index >> 8}.${index & 255}`);
  const hex = (index + 1).toString(16).padStart(4, '0');
  return {
    host: aHost({
      name,
      address,
      macs: [mac(`52:54:00:77:${hex.slice(0, 2)}:${hex.slice(2)}`)],
      variables: { role: 'web', number: index },
    }),
    address,
    domain: 'lab',
    server: 'http://10.77.0.1',
    named: aNamedRelease(),
    files: { files: Array.from({ length: FILES }, (_, file) => aTemplate(file)), deletions: ['/etc/motd'] },
    identity: {
      machineId: hex.repeat(8),
      sshKeys: SSH_KEY_TYPES.map((type) => ({
        type,
        pair: { privateKey: Buffer.alloc(1500, 'k'), publicKey: Buffer.alloc(400, 'p') },
      })),
    },
  };
}

/** About a kilobyte, with what templates mostly do: values, a condition, a loop. */
function aTemplate(file: number): HostFile {
  const lines = [
    '# {{ host.name }} ({{ host.fqdn }}) of {{ release }}',
    'address = {{ address }}',
    '{% if variables.role == "web" %}role = {{ variables.role }} {{ variables.number }}{% endif %}',
    '{% for one in host.macs %}card = {{ one }}\n{% endfor %}',
    '# a comment that stays as it is\n'.repeat(25),
  ];
  const path = `/etc/service${file}/main.conf`;
  return { kind: 'file', path, template: lines.join('\n'), mode: 0o640, uid: 0, gid: 0 };
}
