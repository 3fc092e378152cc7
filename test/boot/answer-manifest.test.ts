import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  aCatalogue,
  aHost,
  aLease,
  aPublication,
  aRelease,
  artefact,
  aSnapshot,
  digest,
  hostFilesOf,
  hostName,
  ip,
  mac,
} from '../builders.ts';
import { ADDRESS, booted, HttpFixture, MAC, textOf, tokenIn } from './http-fixture.ts';

function aMotd(template: string) {
  return hostFilesOf({
    web01: {
      files: [{ kind: 'file', path: '/etc/motd', template, mode: 0o644, uid: 0, gid: 0 }],
      deletions: [],
    },
  });
}

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
    fixture.clock.time += 10_000;
    await expect(fixture.boot.answerManifest(await booted(fixture), 'text')).rejects.toThrow(
      'Cannot read secret',
    );
    fixture.secrets.fails = false;
    const after = textOf(await fixture.boot.answerManifest(await booted(fixture), 'text'));
    expect(after).toBe(before);
    expect(fixture.keyMaker.made).toBe(3);
  });
});
