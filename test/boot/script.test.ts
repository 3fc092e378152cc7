import { describe, expect, it } from 'vitest';
import { bootEnvironment, bootScript, ipxeText, refusalScript } from '../../src/boot/script.ts';
import { aHost, aNamedRelease, aPolicy, digest, hostName, mac } from '../builders.ts';
import { projectTemplates } from './http-fixture.ts';

const TOKEN = 'AbCdEf0123456789-_AbCdEf0123456789-_AbCdEf0';

describe('the boot script', () => {
  it.each([
    ['web01', aHost({ cmdline: ['quiet'] }), aPolicy()],
    ['web01-port-shell', aHost(), aPolicy({ onFailure: 'shell' })],
    [
      'unknown-host',
      aHost({ name: hostName('unknown-52-54-00-12-34-56') }),
      aPolicy({ onFailure: 'reboot' }),
    ],
  ])('of %s', async (name, host, policy) => {
    const base = name.includes('port') ? 'http://10.77.0.1:8080' : 'http://10.77.0.1';
    const named = aNamedRelease({ cmdline: ['console=tty0', 'console=ttyS0,115200n8'] });
    const input = { host, mac: host.macs[0], named, policy, base, token: TOKEN };
    const script = bootScript(projectTemplates(), input);
    await expect(script).toMatchFileSnapshot(`../golden/script-${name}.ipxe`);
  });

  it('is one that iPXE knows as a script, with no secret on the kernel command line', () => {
    const host = aHost();
    const base = 'http://10.77.0.1';
    const input = { host, mac: mac(), named: aNamedRelease(), policy: aPolicy(), base, token: TOKEN };
    const script = bootScript(projectTemplates(), input);
    expect(script).toMatch(/^#!ipxe\n/);
    expect(script.endsWith('\n')).toBe(true);
    const kernel = script.split('\n').find((line) => line.startsWith('kernel '));
    expect(kernel).toContain(`/artefacts/sha256/${'1'.repeat(64)} console=ttyS0 BOOTIF=01-52-54-00-77-00-01`);
    expect(kernel).not.toContain(TOKEN);
    expect(script.split(TOKEN)).toHaveLength(2);
  });
});

describe('the refusal script', () => {
  it('says the reason', async () => {
    const reason = 'Image "web" has no release in channel "stable" yet';
    const script = refusalScript(projectTemplates(), { base: 'http://10.77.0.1', mac: mac(), reason });
    await expect(script).toMatchFileSnapshot('../golden/script-refused.ipxe');
  });

  it.each([
    'a\nshell',
    'a && shell',
    'a || shell',
    '${net0/mac}',
    'a # b',
    'a ; b',
    'a\\',
    '\u001b[2J',
    'ä',
    'x'.repeat(9999),
  ])('lets iPXE read nothing of %j as a command (G3)', (reason) => {
    const plain = refusalScript(projectTemplates(), { base: 'http://10.77.0.1', mac: mac(), reason: 'R' });
    const script = refusalScript(projectTemplates(), { base: 'http://10.77.0.1', mac: mac(), reason });
    expect(script.split('\n')).toHaveLength(plain.split('\n').length);
    expect(ipxeText(reason)).toMatch(/^[A-Za-z0-9 ."',:/()=@+_?-]{1,300}$/);
  });
});

describe('boot.env', () => {
  const env = {
    base: 'http://10.77.0.1',
    token: TOKEN,
    host: 'web01',
    boot: 'boot-1' as never,
    release: digest('d'),
  };

  it.each(['a b', 'a\nb', '$(reboot)', "a'b", ''])('is never written with %j', (host) => {
    expect(() => bootEnvironment({ ...env, host })).toThrow(RangeError);
  });
});
