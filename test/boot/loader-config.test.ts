import { describe, expect, it } from 'vitest';
import { answerTftp } from '../../src/boot/answer-tftp.ts';
import { BootTokens } from '../../src/boot/grant.ts';
import { STABLE } from '../../src/core/image.ts';
import {
  aCatalogue,
  aLease,
  aNamedRelease,
  aPublication,
  aRelease,
  artefact,
  aSubnet,
  imageName,
  ip,
} from '../builders.ts';
import { HOST, STRANGER, text, tftpWorld } from './tftp-fixture.ts';

describe('configurations of loaders', () => {
  it('GRUB boots the release with the arguments of the iPXE script, by HTTP', async () => {
    const config = await text(
      answerTftp({ client: HOST, file: 'grub.cfg-01-52-54-00-77-00-01' }, tftpWorld()),
    );
    expect(config).toContain(`linux "(http,10.77.0.1)/artefacts/sha256/${'1'.repeat(64)}" 'console=ttyS0'`);
    expect(config).toContain("'BOOTIF=01-52-54-00-77-00-01' 'bivouac.on_failure=retry'");
    expect(config).toMatch(
      /initrd "\(http,10\.77\.0\.1\)\/artefacts\/sha256\/2{64}" "\(tftp,\$net_default_server\)\/env\/d{64}\.cpio"/,
    );
  });

  it('PXELINUX boots it by TFTP', async () => {
    const world = tftpWorld();
    const config = await text(answerTftp({ client: HOST, file: 'pxelinux.cfg/01-52-54-00-77-00-01' }, world));
    const kernel = /LINUX (\S+)/.exec(config)?.[1] ?? '';
    const [initramfs = '', env = ''] = /INITRD (\S+)/.exec(config)?.[1]?.split(',') ?? [];
    expect(await answerTftp({ client: HOST, file: kernel }, world)).toMatchObject({
      kind: 'artefact',
      ...artefact('1'),
    });
    expect(await answerTftp({ client: HOST, file: initramfs }, world)).toMatchObject({
      kind: 'artefact',
      ...artefact('2'),
    });
    const archive = await text(answerTftp({ client: HOST, file: env }, world));
    expect(archive).toContain('BIVOUAC_SERVER=http://10.77.0.1\n');
    expect(archive).toContain(`BIVOUAC_RELEASE=sha256:${'d'.repeat(64)}\n`);
    const token = /BIVOUAC_TOKEN=(.*)/.exec(archive)?.[1] ?? '';
    expect(await new BootTokens(world).check(token, HOST)).toMatchObject({ kind: 'ok' });
    expect(config).toContain('APPEND console=ttyS0 BOOTIF=01-52-54-00-77-00-01');
    expect(world.recorder.records.map(({ fact }) => fact.kind)).toEqual(['script']);
  });

  it('forged requests for an archive make no more than one token and one record in five seconds', async () => {
    const world = tftpWorld();
    const ask = () => text(answerTftp({ client: HOST, file: `env/${'d'.repeat(64)}.cpio` }, world));
    const first = await ask();
    expect(new Set(await Promise.all(Array.from({ length: 50 }, ask)))).toEqual(new Set([first]));
    expect([world.tokens.grants.size, world.recorder.records.length]).toEqual([1, 1]);
    world.clock.time += 5001;
    expect(await ask()).not.toBe(first);
    expect([world.tokens.grants.size, world.recorder.records.length]).toEqual([2, 2]);
  });

  it('a host that has its lease acknowledged anew gets an archive of its own', async () => {
    const world = tftpWorld();
    const ask = () => text(answerTftp({ client: HOST, file: `env/${'d'.repeat(64)}.cpio` }, world));
    const first = await ask();
    await world.leases.commit(aLease(), aSubnet().subnet);
    expect(await ask()).not.toBe(first);
  });

  it.each([
    ['another host, by address', ip('10.77.0.12'), 'grub.cfg-0A4D000B'],
    ['a stranger, by no name', STRANGER, 'pxelinux.cfg/default'],
    ['a stranger, by a MAC that no host owns', STRANGER, 'grub.cfg-01-52-54-00-77-00-99'],
  ])('%s gets none that is not for it', async (_name, client, file) => {
    const world = tftpWorld();
    expect(await answerTftp({ client, file }, world)).toEqual({ kind: 'not-found', isProbe: true });
    expect(world.recorder.records).toEqual([]);
  });

  it.each([
    ['a stranger', STRANGER, 'pxelinux.cfg/01-52-54-00-77-00-01'],
    ['another host', ip('10.77.0.12'), 'grub/grub.cfg-01-52-54-00-77-00-01'],
  ])(
    '%s gets none by the MAC of a host, which shows in the record of that host',
    async (_name, client, file) => {
      const world = tftpWorld();
      expect(await answerTftp({ client, file }, world)).toEqual({ kind: 'not-found', isProbe: true });
      await world.facts.settled();
      const why = `boot loader configuration asked for from ${client}`;
      expect(world.recorder.records).toEqual([
        { mac: '52:54:00:77:00:01', host: 'web01', fact: { kind: 'ignored', why } },
      ]);
      expect(world.tokens.grants.size).toBe(0);
    },
  );

  it('a log that cannot be written keeps no host from booting', async () => {
    const world = tftpWorld();
    world.recorder.fails = true;
    const env = `bios/env/${'d'.repeat(64)}.cpio`;
    expect(await text(answerTftp({ client: HOST, file: env }, world))).toContain('BIVOUAC_BOOT=unrecorded-');
    expect(world.errors).toHaveLength(1);
    expect([...world.tokens.grants.values()]).toMatchObject([
      { boot: expect.stringMatching(/^unrecorded-/) },
    ]);
  });

  it.each([
    ['an address that is nobody’s', STRANGER, 'd'],
    ['a release of another image', HOST, '8'],
    ['a release that nobody knows', HOST, '9'],
  ])('there is no boot.env for %s', async (_name, client, digit) => {
    const world = tftpWorld();
    await world.stored.publish(aNamedRelease({ image: imageName('db') }, '8'), STABLE);
    const env = `env/${digit.repeat(64)}.cpio`;
    expect(await answerTftp({ client, file: env }, world)).toEqual({ kind: 'not-found', isProbe: false });
    expect(world.tokens.grants.size).toBe(0);
  });

  it.each(['grub.cfg', 'pxelinux.cfg/default'])('%s alone issues no token', async (file) => {
    // PXELINUX tells the names of all initrds to the kernel, where every process can read them.
    const world = tftpWorld();
    await answerTftp({ client: HOST, file }, world);
    expect(world.tokens.grants.size).toBe(0);
  });

  it.each(['grub.cfg', 'pxelinux.cfg/default'])('%s says why there is nothing to boot', async (file) => {
    const world = tftpWorld(aCatalogue([]));
    const config = await text(answerTftp({ client: HOST, file }, world));
    expect(config).toContain(
      'bivouac: not booting: Image ?web? has no release in channel ?stable? yet'.replaceAll('?', ''),
    );
    await world.facts.settled();
    expect(world.recorder.records).toMatchObject([{ fact: { kind: 'ignored' } }]);
  });

  it('a host whose arguments no loader can take gets the reason', async () => {
    const release = aRelease({ cmdline: ["a='$(reboot)'"] });
    const config = await text(
      answerTftp({ client: HOST, file: 'grub.cfg' }, tftpWorld(aCatalogue([aPublication({ release })]))),
    );
    expect(config).toContain('not booting: Cannot use kernel argument');
    expect(config).not.toMatch(/\$\(|`/);
  });

  it('a site without the template has no such file', async () => {
    const world = { ...tftpWorld(), loaderTemplate: () => Promise.resolve(undefined) };
    expect(await answerTftp({ client: HOST, file: 'grub.cfg' }, world)).toEqual({
      kind: 'not-found',
      isProbe: true,
    });
  });

  it('a release goes on being served when its channel has moved on', async () => {
    const world = tftpWorld(aCatalogue([]));
    const { stored } = world;
    await stored.publish(aNamedRelease(), STABLE);
    const answer = await answerTftp({ client: HOST, file: `release/${'d'.repeat(64)}/initramfs` }, world);
    expect(answer).toEqual({ kind: 'artefact', name: 'initramfs of web', ...artefact('2') });
  });

  it('a release that nobody knows is not served', async () => {
    const answer = await answerTftp({ client: HOST, file: `release/${'9'.repeat(64)}/kernel` }, tftpWorld());
    expect(answer).toEqual({ kind: 'not-found', isProbe: false });
  });
});
