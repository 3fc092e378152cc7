import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Caller } from '../../src/boot/http-world.ts';
import { STABLE } from '../../src/core/image.ts';
import { inventoryOf } from '../../src/core/inventory.ts';
import {
  aCatalogue,
  aHost,
  aLease,
  anNbpRelease,
  aPolicy,
  aPublication,
  aRelease,
  artefact,
  aSnapshot,
  digest,
  hostFilesOf,
  hostName,
  imageName,
  ip,
  mac,
} from '../builders.ts';
import { HttpFixture, reasonOf, textOf, tokenIn } from './http-fixture.ts';

const ADDRESS = ip('10.77.0.11');
const MAC = '52-54-00-77-00-01';

async function booted(fixture: HttpFixture): Promise<Caller & { readonly token: string }> {
  const script = textOf(await fixture.boot.answerScript(MAC, ADDRESS));
  return { address: ADDRESS, token: tokenIn(script) };
}

function aMotd(template: string) {
  return hostFilesOf({
    web01: {
      files: [{ kind: 'file', path: '/etc/motd', template, mode: 0o644, uid: 0, gid: 0 }],
      deletions: [],
    },
  });
}

describe('the boot script', () => {
  it.each([
    '52:54:00:77:00:01',
    '52-54-00-77-00-01',
    '5254.0077.0001',
    '525400770001',
    '52-54-00-77-00-01'.toUpperCase(),
  ])('is the same for every spelling of the MAC: %s (F11)', async (text) => {
    const fixture = new HttpFixture();
    const script = textOf(await fixture.boot.answerScript(text, ADDRESS));
    expect(script).toContain('BOOTIF=01-52-54-00-77-00-01');
  });

  it.each([
    '52-54-00-77-00',
    '52-54-00-77-00-01-02',
    '',
    'x'.repeat(64),
    '52:54-00:77-00:01',
    'f'.repeat(64),
  ])('is refused as malformed for %j (F11)', async (text) => {
    expect(reasonOf(await new HttpFixture().boot.answerScript(text, ADDRESS))).toBe('malformed');
  });

  it('is for the holder of the lease only', async () => {
    const fixture = new HttpFixture();
    expect(reasonOf(await fixture.boot.answerScript(MAC, ip('10.77.0.12')))).toBe('not-your-address');
    expect(reasonOf(await fixture.boot.answerScript(MAC, undefined))).toBe('not-your-address');
    expect(reasonOf(await fixture.boot.answerScript('52-54-00-77-00-99', ADDRESS))).toBe('unknown-host');
    // The holder of another lease is not the holder of this one.
    await fixture.leases.commit(aLease({ mac: mac('52:54:00:77:00:02'), address: ip('10.77.0.12') }));
    expect(reasonOf(await fixture.boot.answerScript(MAC, ip('10.77.0.12')))).toBe('not-your-address');
    fixture.clock.time = aLease().expiresAt;
    expect(reasonOf(await fixture.boot.answerScript(MAC, ADDRESS))).toBe('not-your-address');
    expect(fixture.tokens.grants.size).toBe(0);
  });

  it('has a fresh token each time, of which only the hash is kept', async () => {
    const fixture = new HttpFixture();
    const tokens = new Set<string>();
    for (let i = 0; i < 20; i++) tokens.add((await booted(fixture)).token);
    expect(tokens.size).toBe(20);
    for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    const kept = JSON.stringify([...fixture.tokens.grants]);
    for (const token of tokens) expect(kept).not.toContain(token);
  });

  it('is recorded with its release', async () => {
    const fixture = new HttpFixture();
    await booted(fixture);
    expect(fixture.recorder.facts).toEqual([{ kind: 'script', release: digest('d'), image: 'web' }]);
  });

  it('is given even when the record cannot be written', async () => {
    const fixture = new HttpFixture();
    fixture.recorder.fails = true;
    const caller = await booted(fixture);
    expect(textOf(await fixture.boot.answerEnv(caller))).toMatch(/BIVOUAC_BOOT=unrecorded-[0-9a-f]{10}\n/);
    expect(fixture.errors).toHaveLength(1);
  });

  it.each([
    ['no release yet', aCatalogue([]), 'Image "web" has no release in channel "stable" yet'],
    [
      'an image of files',
      aCatalogue([aPublication({ release: anNbpRelease({ image: imageName('web') }) })]),
      'Image "web" is made of files and cannot be booted',
    ],
  ])('says why and asks again when there is %s', async (_name, catalogue, reason) => {
    const fixture = new HttpFixture(aSnapshot({ catalogue }));
    const script = textOf(await fixture.boot.answerScript(MAC, ADDRESS));
    expect(script).toMatch(/^#!ipxe\n/);
    expect(script).toContain(reason);
    expect(fixture.tokens.grants.size).toBe(0);
    await fixture.facts.settled();
    expect(fixture.recorder.facts).toEqual([{ kind: 'ignored', why: reason }]);
  });

  it('says why when a kernel argument is not usable, without letting iPXE read it (G3)', async () => {
    const fixture = new HttpFixture(
      aSnapshot({ hosts: [aHost({ cmdline: ['a=${net0/mac}\n&& shell || # x'] })] }),
    );
    const script = textOf(await fixture.boot.answerScript(MAC, ADDRESS));
    expect(script).toContain('Cannot use kernel argument');
    const echo = script.split('\n').find((line) => line.includes('Cannot use'));
    expect(echo).not.toMatch(/\$|&|\||#|;/);
    expect(fixture.tokens.grants.size).toBe(0);
  });

  it('says why when its template is broken', async () => {
    const fixture = new HttpFixture();
    fixture.templates = {
      ...fixture.templates,
      script: { name: 'boot/script.ipxe.njk', text: '#!ipxe\n{{ nothing }}' },
    };
    const script = textOf(await fixture.boot.answerScript(MAC, ADDRESS));
    expect(script).toContain('boot/script.ipxe.njk');
    expect(script).toContain('line 2');
    expect(fixture.errors).toHaveLength(1);
  });

  it('boots unknown hosts where the policy names an image', async () => {
    const unknown = mac('52:54:00:00:00:99');
    const policy = aPolicy({ unknownHosts: { kind: 'image', image: imageName('web'), channel: STABLE } });
    const fixture = new HttpFixture(aSnapshot({ policy }));
    await fixture.leases.commit(aLease({ mac: unknown, address: ip('10.77.0.101') }));
    const script = textOf(await fixture.boot.answerScript(unknown, ip('10.77.0.101')));
    const caller = { address: ip('10.77.0.101'), token: tokenIn(script) };
    expect(textOf(await fixture.boot.answerManifest(caller, 'text'))).toContain(
      'host unknown-52-54-00-00-00-99\n',
    );
  });
});

describe('boot.env', () => {
  it('holds plain values', async () => {
    const fixture = new HttpFixture();
    const caller = await booted(fixture);
    expect(textOf(await fixture.boot.answerEnv(caller))).toBe(
      [
        'BIVOUAC_SERVER=http://10.77.0.1',
        `BIVOUAC_TOKEN=${caller.token}`,
        'BIVOUAC_HOST=web01',
        'BIVOUAC_BOOT=boot-1',
        `BIVOUAC_RELEASE=${digest('d')}`,
        '',
      ].join('\n'),
    );
  });
});

describe('the boot token (G13)', () => {
  const routes = {
    env: (f: HttpFixture, caller: Caller) => f.boot.answerEnv(caller),
    manifest: (f: HttpFixture, caller: Caller) => f.boot.answerManifest(caller, 'text'),
    conffs: (f: HttpFixture, caller: Caller) => f.boot.answerConffs(caller),
    events: (f: HttpFixture, caller: Caller) =>
      f.boot.recordMilestone(caller, new URLSearchParams({ milestone: 'healthy' })),
  };

  describe.each(Object.entries(routes))('of %s', (_name, ask) => {
    it('is needed', async () => {
      const fixture = new HttpFixture();
      await booted(fixture);
      expect(reasonOf(await ask(fixture, { address: ADDRESS, token: undefined }))).toBe('no-token');
      expect(reasonOf(await ask(fixture, { address: ADDRESS, token: '' }))).toBe('token-unknown');
      expect(reasonOf(await ask(fixture, { address: ADDRESS, token: 'A'.repeat(43) }))).toBe('token-unknown');
      expect(reasonOf(await ask(fixture, { address: ADDRESS, token: 'A'.repeat(1e6) }))).toBe(
        'token-unknown',
      );
    });

    it('answers to one address, as often as it is shown', async () => {
      const fixture = new HttpFixture();
      const caller = await booted(fixture);
      expect(reasonOf(await ask(fixture, { ...caller, address: ip('10.77.0.12') }))).toBe(
        'token-of-other-address',
      );
      expect(reasonOf(await ask(fixture, { ...caller, address: undefined }))).toBe('token-of-other-address');
      expect(reasonOf(await ask(fixture, caller))).toMatch(/^not refused/);
      expect(reasonOf(await ask(fixture, caller))).toMatch(/^not refused/);
      await fixture.facts.settled();
      expect(fixture.recorder.facts).toContainEqual({
        kind: 'ignored',
        why: 'boot token of 10.77.0.11 shown from 10.77.0.12',
      });
    });

    it('expires', async () => {
      const fixture = new HttpFixture();
      const caller = await booted(fixture);
      fixture.clock.time += 3600_000 - 1;
      expect(reasonOf(await ask(fixture, caller))).toMatch(/^not refused/);
      fixture.clock.time += 1;
      expect(reasonOf(await ask(fixture, caller))).toBe('token-expired');
      await fixture.facts.settled();
      expect(fixture.recorder.facts).toContainEqual({ kind: 'ignored', why: 'boot token has expired' });
    });
  });

  it('opens nothing of another host', async () => {
    const other = aHost({
      name: hostName('web02'),
      macs: [mac('52:54:00:77:00:02')],
      address: ip('10.77.0.12'),
    });
    const fixture = new HttpFixture(aSnapshot({ hosts: [aHost(), other] }));
    const caller = await booted(fixture);
    expect(textOf(await fixture.boot.answerManifest(caller, 'text'))).toContain('host web01\n');
    // The MAC goes to another host while the first one boots.
    fixture.edit({ inventory: inventoryOf([{ ...other, macs: [mac()] }]) });
    expect(reasonOf(await fixture.boot.answerConffs(caller))).toBe('release-gone');
  });

  it('is pruned from the store a day after it expired', async () => {
    const fixture = new HttpFixture();
    await booted(fixture);
    fixture.clock.time += 3600_000 + 24 * 3600_000 + 1;
    for (let i = 0; i < 256; i++) await booted(fixture);
    expect(fixture.tokens.grants.size).toBe(256);
  });
});

describe('manifest and conffs', () => {
  it('agree, also when an edit comes in between', async () => {
    const fixture = new HttpFixture(aSnapshot({ hostFiles: aMotd('before') }));
    const caller = await booted(fixture);
    const manifest = textOf(await fixture.boot.answerManifest(caller, 'text'));
    fixture.edit({ hostFiles: aMotd('after') });
    const conffs = await fixture.boot.answerConffs(caller);
    if (conffs.kind !== 'conffs') throw new Error(conffs.kind);
    const sum = createHash('sha256').update(conffs.bytes).digest('hex');
    expect(manifest).toContain(
      `conffs sha256:${sum} ${conffs.bytes.length} http://10.77.0.1/boot/conffs\nend\n`,
    );
    expect(Buffer.from(conffs.bytes).includes('before')).toBe(true);
    // The next boot has the edit.
    const next = await fixture.boot.answerConffs(await booted(fixture));
    expect(next.kind === 'conffs' && Buffer.from(next.bytes).includes('after')).toBe(true);
  });

  it('are of the granted release, wherever the channel points by now', async () => {
    const fixture = new HttpFixture();
    const caller = await booted(fixture);
    const release = aRelease({ kernelVersion: '7.0.0', kernel: artefact('9') });
    fixture.edit({ catalogue: aCatalogue([aPublication({ digest: digest('e'), release })]) });
    const manifest = textOf(await fixture.boot.answerManifest(caller, 'text'));
    expect(manifest).toContain(`release ${digest('d')}\nkernel-version 6.12.48+deb13-amd64\n`);
    expect(textOf(await fixture.boot.answerScript(MAC, ADDRESS))).toContain('9'.repeat(64));
  });

  it('has the form that the initramfs reads, and JSON for people', async () => {
    const fixture = new HttpFixture();
    const caller = await booted(fixture);
    const text = textOf(await fixture.boot.answerManifest(caller, 'text'));
    expect(text.replace(/conffs sha256:[0-9a-f]{64} [0-9]+/, 'conffs sha256:… …')).toBe(
      [
        'bivouac-manifest 1',
        'host web01',
        'boot boot-1',
        'image web',
        `release ${digest('d')}`,
        'kernel-version 6.12.48+deb13-amd64',
        `layer ${digest('3')} 1000 http://10.77.0.1/artefacts/sha256/${'3'.repeat(64)}`,
        'conffs sha256:… … http://10.77.0.1/boot/conffs',
        'end',
        '',
      ].join('\n'),
    );
    const json: unknown = JSON.parse(textOf(await fixture.boot.answerManifest(caller, 'json')));
    expect(json).toMatchObject({ version: 1, host: 'web01', layers: [{ size: 1000 }] });
  });

  it('fail for a host whose template fails, with an event, and for no other (H10)', async () => {
    const other = aHost({
      name: hostName('web02'),
      macs: [mac('52:54:00:77:00:02')],
      address: ip('10.77.0.12'),
    });
    const fixture = new HttpFixture(
      aSnapshot({ hosts: [aHost(), other], hostFiles: aMotd('{{ variables.x }}') }),
    );
    await fixture.leases.commit(aLease({ mac: mac('52:54:00:77:00:02'), address: ip('10.77.0.12') }));
    const caller = await booted(fixture);
    const fault = 'Cannot render template "hosts/web01/etc/motd" at line 1: "variables.x" is not defined';
    await expect(fixture.boot.answerManifest(caller, 'text')).rejects.toThrow(fault);
    await fixture.facts.settled();
    expect(fixture.recorder.facts).toContainEqual({ kind: 'ignored', why: fault });
    const script = textOf(await fixture.boot.answerScript('52-54-00-77-00-02', ip('10.77.0.12')));
    const good = { address: ip('10.77.0.12'), token: tokenIn(script) };
    expect(textOf(await fixture.boot.answerManifest(good, 'text'))).toContain('host web02\n');
    // Once the file is mended the same boot goes on.
    fixture.edit({ hostFiles: aMotd('x') });
    expect(textOf(await fixture.boot.answerManifest(caller, 'text'))).toContain('host web01\n');
  });

  it('fail while the secrets cannot be read, and no key is made anew', async () => {
    const fixture = new HttpFixture();
    const caller = await booted(fixture);
    const before = textOf(await fixture.boot.answerManifest(caller, 'text'));
    expect(fixture.keyMaker.made).toBe(3);
    fixture.secrets.fails = true;
    await expect(fixture.boot.answerManifest(await booted(fixture), 'text')).rejects.toThrow(
      'Cannot read secret',
    );
    fixture.secrets.fails = false;
    const after = textOf(await fixture.boot.answerManifest(await booted(fixture), 'text'));
    expect(after).toBe(before);
    expect(fixture.keyMaker.made).toBe(3);
  });
});

describe('what was sent', () => {
  it('is recorded for the host that leases the address, and for nobody else', async () => {
    const fixture = new HttpFixture();
    const sent = { bytes: 1000, seconds: 0.1, complete: true };
    await fixture.boot.noteArtefact(ADDRESS, digest('1'), sent);
    await fixture.boot.noteArtefact(ADDRESS, digest('f'), sent);
    await fixture.boot.noteArtefact(ip('10.77.0.99'), digest('1'), sent);
    await fixture.boot.noteArtefact(undefined, digest('1'), sent);
    await fixture.facts.settled();
    const names = fixture.recorder.facts.map((fact) => (fact.kind === 'served' ? fact.name : fact.kind));
    expect(names).toEqual(['kernel of web', 'sha256:ffffffffffff']);
  });
});
