import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signRelease } from '../../src/build/sign-release.ts';
import { aCatalogue, aPublication, aRelease, aSnapshot, digest, ip } from '../builders.ts';
import { trulyNamed } from '../truly-named.ts';
import { ADDRESS, booted, HttpFixture, MAC, reasonOf, textOf } from './http-fixture.ts';

describe('a host that its own disk starts', () => {
  it('keeps what the server signs: kernel, initramfs, arguments', async () => {
    const named = trulyNamed(aRelease({ persist: ['/srv'], cmdline: ['console=tty0'] }));
    const { release } = named;
    const fixture = new HttpFixture(aSnapshot({ catalogue: aCatalogue([aPublication(named)]) }));
    await signRelease(named.digest, fixture.signing);
    const answer = await fixture.boot.answerStart(await booted(fixture));
    const text = textOf(answer);
    const { kernel, initramfs } = release;
    expect(text.split('\n')).toEqual([
      'bivouac-start 1',
      'host web01',
      'boot boot-1',
      `release ${named.digest}`,
      `kernel ${kernel.digest} ${kernel.size} http://10.77.0.1/artefacts/sha256/${kernel.digest.slice(7)}`,
      `initramfs ${initramfs.digest} ${initramfs.size} http://10.77.0.1/artefacts/sha256/${initramfs.digest.slice(7)}`,
      'cmdline console=tty0 bivouac.persist=/srv BOOTIF=01-52-54-00-77-00-01 bivouac.on_failure=retry',
      'end',
      '',
    ]);
    const [key] = await fixture.signing.keys.trusted();
    const signature = Buffer.from(
      answer.kind === 'text' ? (answer.signature?.split(' ')[2] ?? '') : '',
      'base64',
    );
    expect(verify(null, Buffer.from(text), createPublicKey(key?.pem ?? ''), signature)).toBe(true);
  });

  it('gets a boot.env with a token of its own, as the holder of its lease only', async () => {
    const fixture = new HttpFixture();
    const env = textOf(await fixture.boot.answerFreshEnv(MAC, ADDRESS));
    expect(env).toContain(`BIVOUAC_HOST=web01\nBIVOUAC_BOOT=boot-1\nBIVOUAC_RELEASE=${digest('d')}\n`);
    const token = /BIVOUAC_TOKEN=(\S+)/.exec(env)?.[1];
    expect(textOf(await fixture.boot.answerManifest({ address: ADDRESS, token }, 'text'))).toContain(
      'host web01',
    );
    expect(textOf(await fixture.boot.answerFreshEnv(MAC, ADDRESS))).toBe(env);
    fixture.clock.time += 60_000;
    expect(textOf(await fixture.boot.answerFreshEnv(MAC, ADDRESS))).not.toBe(env);
    expect(reasonOf(await fixture.boot.answerFreshEnv(MAC, ip('10.77.0.12')))).toBe('not-your-address');
    expect(reasonOf(await fixture.boot.answerFreshEnv(MAC, undefined))).toBe('not-your-address');
    expect(reasonOf(await fixture.boot.answerFreshEnv('52-54-00-77-00-99', ADDRESS))).toBe('unknown-host');
    expect(reasonOf(await fixture.boot.answerFreshEnv('nothing', ADDRESS))).toBe('malformed');
    await fixture.facts.settled();
    expect(JSON.stringify(fixture.recorder.facts)).toContain('boot.env asked for from 10.77.0.12');
  });

  it('has nothing to boot while its channel has no release', async () => {
    const fixture = new HttpFixture(aSnapshot({ catalogue: aCatalogue([]) }));
    expect(reasonOf(await fixture.boot.answerFreshEnv(MAC, ADDRESS))).toBe('release-gone');
  });
});
