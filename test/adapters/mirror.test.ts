import { describe, expect, it } from 'vitest';
import {
  AptMirror,
  parseCodename,
  parseProxies,
  parseTargets,
  sourceLines,
  ubuntuLines,
} from '../../src/adapters/mirror.ts';
import type { CommandRunner } from '../../src/ports/command.ts';

const TARGETS = [
  'http://deb.example/debian-security/ bookworm-security main Packages',
  'http://deb.example/debian/ bookworm main Packages',
  'http://deb.example/debian/ bookworm main Translations',
  'http://deb.example/debian/ bookworm contrib Packages',
  'http://deb.example/debian/ bookworm-updates main Packages',
  'https://other.example/node/ nodistro main Packages',
  'file:/var/local/ bookworm main Packages',
  '',
].join('\n');

describe('sourceLines', () => {
  it('takes the mirrors of the machine for another suite', () => {
    expect(sourceLines('trixie', 'bookworm', parseTargets(TARGETS))).toEqual([
      'deb http://deb.example/debian/ trixie main',
      'deb http://deb.example/debian/ trixie-updates main',
      'deb http://deb.example/debian-security/ trixie-security main',
    ]);
  });

  it('is empty without a mirror of the suite itself', () => {
    const onlySecurity = parseTargets('http://deb.example/s/ bookworm-security main Packages');
    expect(sourceLines('trixie', 'bookworm', onlySecurity)).toEqual([]);
    expect(sourceLines('trixie', undefined, parseTargets(TARGETS))).toEqual([]);
  });
});

describe('parseCodename', () => {
  it('knows Debian and nothing else', () => {
    expect(parseCodename('ID=debian\nVERSION_CODENAME=bookworm\n')).toBe('bookworm');
    expect(parseCodename('ID="debian"\nVERSION_CODENAME="trixie"\n')).toBe('trixie');
    expect(parseCodename('ID=ubuntu\nVERSION_CODENAME=noble\n')).toBeUndefined();
  });
});

describe('parseProxies', () => {
  it('reads proxies as environment variables', () => {
    const dump = [
      'Acquire::http::Proxy "http://proxy:3142";',
      'Acquire::https::Proxy "DIRECT";',
      'Acquire::http::Proxy::host "x";',
    ].join('\n');
    expect(parseProxies(dump)).toEqual({ http_proxy: 'http://proxy:3142' });
  });
});

describe('AptMirror', () => {
  it('says what to do when apt names no mirror', async () => {
    const commands: CommandRunner = {
      run: () => Promise.resolve({ stdout: '' }),
      start: () => Promise.reject(new Error('not used here')),
    };
    await expect(new AptMirror(commands).sources('trixie')).rejects.toMatchObject({ code: 'unsupported' });
  });
});

it('Ubuntu comes from an Ubuntu mirror of this machine, signed by the keyring of Ubuntu', () => {
  const target = (release: string, uri: string) => ({ uri, release, component: 'main' });
  const targets = [
    target('trixie', 'http://debian/'),
    target('jammy', 'http://ubuntu/'),
    target('jammy-security', 'http://ubuntu-security/'),
  ];
  const signed = '[signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg]';
  expect(ubuntuLines('noble', targets)).toEqual([
    `deb ${signed} http://ubuntu/ noble main universe`,
    `deb ${signed} http://ubuntu-security/ noble-security main universe`,
  ]);
  expect(ubuntuLines('noble', targets.slice(0, 1))).toEqual([]);
});
