import { describe, expect, it } from 'vitest';
import { answerTftp, NbpCache, noteServed, type TftpWorld } from '../../src/boot/answer-tftp.ts';
import type { Digest } from '../../src/core/artefact.ts';
import { NBP_IMAGE } from '../../src/core/catalogue.ts';
import { aCatalogue, aLease, anNbpRelease, aPublication, digest, ip } from '../builders.ts';
import { aWorld } from './world.ts';

const CONTENT = new Map([
  [digest('b'), Uint8Array.of(0xb)],
  [digest('c'), Uint8Array.of(0xc)],
]);

function tftpWorld(): TftpWorld & { reads: Digest[]; recorder: ReturnType<typeof aWorld>['recorder'] } {
  const reads: Digest[] = [];
  const readAll = (wanted: Digest): Promise<Uint8Array> => {
    reads.push(wanted);
    const bytes = CONTENT.get(wanted);
    return bytes === undefined ? Promise.reject(new Error('Cannot read')) : Promise.resolve(bytes);
  };
  return { ...aWorld({}, [aLease()]), artefacts: { readAll }, nbps: new NbpCache(), reads };
}

describe('answerTftp', () => {
  it.each([
    'snponly.efi',
    '/snponly.efi',
    '//snponly.efi',
    './snponly.efi',
    '\\snponly.efi',
    'SNPONLY.EFI',
    '.\\Snponly.Efi',
  ])('T15: %j is snponly.efi', async (file) => {
    expect(await answerTftp(file, tftpWorld())).toEqual({
      kind: 'file',
      name: 'snponly.efi',
      content: Uint8Array.of(0xc),
    });
  });

  it.each([
    '../snponly.efi',
    'a/../snponly.efi',
    'boot/snponly.efi',
    '..\\snponly.efi',
    '/etc/passwd',
    'C:\\snponly.efi',
    '%2e%2e/snponly.efi',
    'snponly.efi/',
    'snponly.efi.',
    'snponly.efi\n',
    'snponly.efi\xc0\xaf',
    'CON',
    'constructor',
    '__proto__',
    '',
  ])('T4: %j names nothing', async (file) => {
    expect(await answerTftp(file, tftpWorld())).toEqual({ kind: 'not-found', isProbe: false });
  });

  it.each([
    'autoexec.ipxe',
    '/autoexec.ipxe',
    'revocations_sbat.efi',
    'shim_certificate_0.efi',
    '/grub/x86_64-efi/fs.lst',
  ])('%j is looked for by clients and missed by none', async (file) => {
    expect(await answerTftp(file, tftpWorld())).toEqual({ kind: 'not-found', isProbe: true });
  });

  it('reads an artefact once, and again after a failure', async () => {
    const world = tftpWorld();
    await Promise.all([answerTftp('snponly.efi', world), answerTftp('snponly.efi', world)]);
    expect(world.reads).toEqual([digest('c')]);
    const broken = aWorld({
      catalogue: aCatalogue([
        aPublication({
          image: NBP_IMAGE,
          release: anNbpRelease({ files: [{ name: 'x', digest: digest('9'), size: 1 }] }),
        }),
      ]),
    });
    const other = { ...world, snapshots: broken.snapshots };
    await expect(answerTftp('x', other)).rejects.toThrow('Cannot read');
    await expect(answerTftp('x', other)).rejects.toThrow('Cannot read');
    expect(world.reads).toHaveLength(3);
  });

  it('finds nothing before the image nbp is published', async () => {
    const world = { ...tftpWorld(), snapshots: aWorld({ catalogue: aCatalogue([]) }).snapshots };
    expect(await answerTftp('snponly.efi', world)).toMatchObject({ kind: 'not-found' });
  });
});

describe('noteServed', () => {
  const served = { name: 'snponly.efi', bytes: 5, seconds: 0.1, complete: true };

  it('puts the transfer into the boot of the lessee', async () => {
    const world = tftpWorld();
    await noteServed({ ...served, client: ip('10.77.0.11') }, world);
    await world.facts.settled();
    expect(world.recorder.records).toEqual([
      { mac: '52:54:00:77:00:01', host: 'web01', fact: { kind: 'served', by: 'tftp', ...served } },
    ]);
  });

  it('records nothing of an address that is nobody’s', async () => {
    const world = tftpWorld();
    await noteServed({ ...served, client: ip('10.77.0.99') }, world);
    await world.facts.settled();
    expect(world.recorder.records).toEqual([]);
  });
});
