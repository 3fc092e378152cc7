import { createHash } from 'node:crypto';
import { conffsArchive, type HostConfigInput } from '../../../src/boot/host-config.ts';
import type { HostFile } from '../../../src/ports/host-files.ts';
import { SSH_KEY_TYPES } from '../../../src/ports/key-maker.ts';
import { aHost, aNamedRelease, hostName, ip, mac } from '../../builders.ts';
import { atMost, type BenchCase, oneRow, secondsOf } from '../harness.ts';

const HOSTS = 100;
const FILES = 28;

/**
 * Seconds to render the conffs of 100 hosts with 28 templates each, keys at hand, archives hashed as the manifest needs.
 * The bar is a tenth of what a loop of mounting, rendering and packing took for as many on two cores (7.45 s).
 */
export function conffsOfHosts(): BenchCase {
  const inputs = Array.from({ length: HOSTS }, (_, index) => hostInput(index));
  const work = `conffs of ${HOSTS} hosts with ${FILES} templates each, rendered, packed and hashed`;
  return oneRow({ name: 'conffs-100-hosts', unit: 's', bar: atMost(0.745), work }, async () => ({
    value: await secondsOf(async () => {
      const digests = new Set(inputs.map(digestOf));
      if (digests.size !== HOSTS) throw new Error(`Expected ${HOSTS} different conffs, got ${digests.size}`);
    }),
  }));
}

function digestOf(input: HostConfigInput): string {
  return createHash('sha256').update(conffsArchive(input)).digest('hex');
}

function hostInput(index: number): HostConfigInput {
  const name = hostName(`web${String(index).padStart(3, '0')}`);
  const address = ip(`10.77.0.${index + 10}`);
  const hex = (index + 1).toString(16).padStart(2, '0');
  return {
    host: aHost({
      name,
      address,
      macs: [mac(`52:54:00:77:01:${hex}`)],
      variables: { role: 'web', number: index },
    }),
    address,
    domain: 'lab',
    server: 'http://10.77.0.1',
    named: aNamedRelease(),
    files: { files: Array.from({ length: FILES }, (_, file) => aTemplate(file)), deletions: ['/etc/motd'] },
    identity: {
      machineId: hex.repeat(16),
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
