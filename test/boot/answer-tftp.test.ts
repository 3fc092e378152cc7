import { describe, expect, it } from 'vitest';
import { answerTftp, noteServed, readForTftp } from '../../src/boot/answer-tftp.ts';
import { aCatalogue, artefact, digest } from '../builders.ts';
import { HOST, STRANGER, text, tftpWorld, UNOWNED } from './tftp-fixture.ts';

describe('NBPs', () => {
  it.each([
    'snponly.efi',
    '/snponly.efi',
    '//snponly.efi',
    './snponly.efi',
    '\\snponly.efi',
    'SNPONLY.EFI',
    'x64/snponly.efi',
  ])('T15: %j is snponly.efi', async (file) => {
    const answer = await answerTftp({ client: STRANGER, file }, tftpWorld());
    expect(answer).toEqual({ kind: 'artefact', name: 'snponly.efi', ...artefact('c') });
  });

  it.each([
    ['arm64/ipxe.efi', 'ipxe-arm64.efi'],
    ['1a2b3c4d/start4.elf', 'raspberry-pi/start4.elf'],
    ['52-54-00-77-00-01/start4.elf', 'raspberry-pi/start4.elf'],
  ])('%s is %s', async (file, name) => {
    expect(await answerTftp({ client: STRANGER, file }, tftpWorld())).toMatchObject({
      kind: 'artefact',
      name,
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
    'constructor/snponly.efi',
    '',
  ])('T4: %j names nothing', async (file) => {
    const answer = await answerTftp({ client: HOST, file }, tftpWorld());
    expect(answer).toEqual({ kind: 'not-found', isProbe: false });
  });

  it('finds nothing before the image nbp is published', async () => {
    const answer = await answerTftp({ client: HOST, file: 'snponly.efi' }, tftpWorld(aCatalogue([])));
    expect(answer).toEqual({ kind: 'not-found', isProbe: false });
  });
});

describe('autoexec.ipxe', () => {
  it('leads to the boot script of the host that leases the address', async () => {
    const script = await text(answerTftp({ client: HOST, file: 'autoexec.ipxe' }, tftpWorld()));
    expect(script).toContain('chain --replace http://10.77.0.1/boot/script/52-54-00-77-00-01 ||\n');
    expect(script).toMatch(/^#!ipxe\n[^]*\nautoboot\n$/);
  });

  it.each([
    ['nobody’s', STRANGER],
    ['leased to a card that no host owns', UNOWNED],
  ])('is not there for an address that is %s', async (_name, client) => {
    const answer = await answerTftp({ client, file: 'autoexec.ipxe' }, tftpWorld());
    expect(answer).toEqual({ kind: 'not-found', isProbe: true });
  });
});

describe('readForTftp', () => {
  it('reads a part, and less at the end', async () => {
    const world = tftpWorld();
    const { digest: stored } = await world.artefacts.putBytes(Buffer.from('0123456789'));
    const part = { digest: stored, position: 4, length: 3 };
    expect(Buffer.from(await readForTftp(part, world)).toString()).toBe('456');
    expect(Buffer.from(await readForTftp({ ...part, length: 100 }, world)).toString()).toBe('456789');
    await expect(readForTftp({ ...part, digest: digest('9') }, world)).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});

describe('noteServed', () => {
  const served = { name: 'snponly.efi', bytes: 5, seconds: 0.1, complete: true };

  it('puts the transfer into the boot of the lessee', async () => {
    const world = tftpWorld();
    await noteServed({ ...served, client: HOST }, world);
    await world.facts.settled();
    expect(world.recorder.records).toEqual([
      { mac: '52:54:00:77:00:01', host: 'web01', fact: { kind: 'served', by: 'tftp', ...served } },
    ]);
  });

  it('records nothing of an address that is nobody’s', async () => {
    const world = tftpWorld();
    await noteServed({ ...served, client: STRANGER }, world);
    await world.facts.settled();
    expect(world.recorder.records).toEqual([]);
  });
});
