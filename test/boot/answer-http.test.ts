import { describe, expect, it } from 'vitest';
import { STABLE } from '../../src/core/image.ts';
import {
  aCatalogue,
  aHost,
  aLease,
  anNbpRelease,
  aPolicy,
  aPublication,
  aSnapshot,
  digest,
  imageName,
  ip,
  mac,
} from '../builders.ts';
import { ADDRESS, booted, HttpFixture, MAC, reasonOf, textOf, tokenIn } from './http-fixture.ts';

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

  it('has a fresh token for each boot, of which only the hash is kept', async () => {
    const fixture = new HttpFixture();
    const tokens = new Set<string>();
    for (let i = 0; i < 20; i++) {
      // The host has its address acknowledged anew.
      await fixture.leases.commit(aLease());
      tokens.add((await booted(fixture)).token);
    }
    expect(tokens.size).toBe(20);
    for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    const kept = JSON.stringify([...fixture.tokens.grants]);
    for (const token of tokens) expect(kept).not.toContain(token);
  });

  it('is the same for who asks again within seconds, and that is on record', async () => {
    const fixture = new HttpFixture();
    const first = textOf(await fixture.boot.answerScript(MAC, ADDRESS));
    fixture.clock.time += 4999;
    const again = await Promise.all(
      Array.from({ length: 3 }, () => fixture.boot.answerScript(MAC.toUpperCase(), ADDRESS)),
    );
    expect(new Set(again.map(textOf))).toEqual(new Set([first]));
    expect(fixture.tokens.grants.size).toBe(1);
    await fixture.facts.settled();
    const script = { kind: 'script', release: digest('d'), image: 'web' };
    expect(fixture.recorder.facts).toEqual([script, script, script, script]);
  });

  it('is made once for all who ask at the same time', async () => {
    const fixture = new HttpFixture();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => fixture.boot.answerScript(MAC, ADDRESS)),
    );
    expect(new Set(answers.map(textOf)).size).toBe(1);
    expect(fixture.tokens.grants.size).toBe(1);
  });

  it.each<[string, (fixture: HttpFixture) => unknown]>([
    ['five seconds later', (fixture) => (fixture.clock.time += 5000)],
    ['when the clock was set back', (fixture) => (fixture.clock.time -= 1)],
    ['after an acknowledgement', (fixture) => fixture.leases.commit(aLease())],
    ['after an edit of its host', (fixture) => fixture.edit({ inventory: aSnapshot().inventory })],
    ['after a change of templates', (fixture) => (fixture.templates = { ...fixture.templates })],
  ])('is a fresh one %s', async (_name, change) => {
    const fixture = new HttpFixture();
    const { token } = await booted(fixture);
    await change(fixture);
    expect((await booted(fixture)).token).not.toBe(token);
  });

  it('is not given again to another address, nor when the lease has ended', async () => {
    const fixture = new HttpFixture();
    await booted(fixture);
    expect(reasonOf(await fixture.boot.answerScript(MAC, ip('10.77.0.12')))).toBe('not-your-address');
    await fixture.leases.commit(aLease({ mac: mac('52:54:00:77:00:02') }));
    expect(reasonOf(await fixture.boot.answerScript(MAC, ADDRESS))).toBe('not-your-address');
  });

  it('is tried anew at once when it could not be made', async () => {
    const fixture = new HttpFixture();
    fixture.tokens.fails = true;
    await expect(fixture.boot.answerScript(MAC, ADDRESS)).rejects.toThrow();
    fixture.tokens.fails = false;
    await booted(fixture);
    const { templates } = fixture;
    fixture.templates = { ...templates, script: { ...templates.script, text: '{{ nothing }}' } };
    expect(textOf(await fixture.boot.answerScript(MAC, ADDRESS))).toContain('line 1');
    fixture.templates = templates;
    expect(textOf(await fixture.boot.answerScript(MAC, ADDRESS))).toContain('BOOTIF');
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
