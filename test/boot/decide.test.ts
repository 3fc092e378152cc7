import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BootChoice, type BootDecision, decideBoot } from '../../src/boot/decide.ts';
import { identify } from '../../src/boot/identify.ts';
import type { TriedRule } from '../../src/boot/trace.ts';
import { CLIENT_ARCHITECTURES } from '../../src/core/arch.ts';
import { NBP_IMAGE } from '../../src/core/catalogue.ts';
import { OPTION, text } from '../../src/wire/dhcp/options.ts';
import { aCatalogue, anNbpRelease, aPublication, artefact } from '../builders.ts';
import { aMessage, firmware, IPXE } from './world.ts';

type Options = ReturnType<typeof firmware>;

function publishing(...names: readonly string[]) {
  const release = anNbpRelease({ files: names.map((name) => ({ name, ...artefact('b') })) });
  return aCatalogue([aPublication({ image: NBP_IMAGE, release })]);
}

/** What Debian 13's package has. */
const ALL = publishing(
  'undionly.kpxe',
  'ipxe.pxe',
  'snponly.efi',
  'ipxe.efi',
  'ipxe-amd64.efi',
  'ipxe-arm64.efi',
  'ipxe-riscv64.efi',
  'ipxe-loong64.efi',
);
const BASE = 'http://10.77.0.1:8080';

function decideFor(options: Options, given: Partial<BootChoice> = {}): BootDecision {
  const identified = identify(aMessage('DISCOVER', { options }));
  if (!identified.ok) throw new Error(identified.reason);
  return decideBoot(identified.client, { catalogue: ALL, baseUrl: BASE, ...given });
}

/** The decision in short: a file, a URL's file, or the reason. */
function short(decision: BootDecision): string {
  switch (decision.kind) {
    case 'nbp':
      return decision.file;
    case 'nbp-url':
      return decision.url.replace(`${BASE}/images/nbp/stable/`, 'http ');
    case 'ignore':
      return decision.reason;
    case 'address-only':
    case 'own-files':
    case 'script':
      return decision.kind;
  }
}

/** Firmware that boots by HTTP. */
function httpFirmware(arch: number): Options {
  return firmware(arch).map(([code, value]) => [
    code,
    code === OPTION.vendorClass
      ? text(`HTTPClient:Arch:${String(arch).padStart(5, '0')}:UNDI:003000`)
      : value,
  ]);
}

/** Firmware that tells its architecture alone, as U-Boot does. */
function bare(arch: number): Options {
  return firmware(arch).filter(([code]) => code === OPTION.clientArchitecture);
}

describe('every code that IANA has assigned', () => {
  const NONE = 'no-nbp-for-architecture';
  const UNPUBLISHED = 'nbp-not-published';
  const EXPECTED: Readonly<Record<number, string>> = {
    0x00: 'undionly.kpxe',
    0x06: UNPUBLISHED,
    0x07: 'snponly.efi',
    0x09: 'snponly.efi',
    0x0a: UNPUBLISHED,
    0x0b: 'ipxe-arm64.efi',
    0x0f: UNPUBLISHED,
    0x10: 'http snponly.efi',
    0x11: 'http snponly.efi',
    0x12: UNPUBLISHED,
    0x13: 'http ipxe-arm64.efi',
    0x14: 'http undionly.kpxe',
    0x15: UNPUBLISHED,
    0x16: 'ipxe-arm64.efi',
    0x17: UNPUBLISHED,
    0x18: 'http ipxe-arm64.efi',
    0x1b: 'ipxe-riscv64.efi',
    0x1c: 'http ipxe-riscv64.efi',
    0x27: 'ipxe-loong64.efi',
    0x28: 'http ipxe-loong64.efi',
    0x29: 'own-files',
  };

  it.each(CLIENT_ARCHITECTURES)('$code: $name', ({ code, transport }) => {
    const options = transport === 'http' ? httpFirmware(code) : firmware(code);
    expect(short(decideFor(options))).toBe(EXPECTED[code] ?? NONE);
  });

  it.each([
    [6, 'ipxe-i386.efi'],
    [10, 'ipxe-arm32.efi'],
    [15, 'http ipxe-i386.efi'],
  ])("%i takes a site's own %s once it is published", (code, expected) => {
    const catalogue = publishing('ipxe-i386.efi', 'ipxe-arm32.efi');
    expect(short(decideFor(code === 15 ? httpFirmware(code) : firmware(code), { catalogue }))).toBe(expected);
  });
});

describe('decideBoot', () => {
  it('takes the next best NBP, and says so when there is none', () => {
    expect(short(decideFor(firmware(7), { catalogue: publishing('ipxe.efi') }))).toBe('ipxe.efi');
    expect(short(decideFor(firmware(11), { catalogue: publishing('snponly.efi') }))).toBe(
      'nbp-not-published',
    );
    expect(short(decideFor(firmware(0), { catalogue: aCatalogue([]) }))).toBe('nbp-not-published');
  });

  it('boots by HTTP what calls itself HTTPClient, whatever its architecture code', () => {
    expect(short(decideFor(httpFirmware(7)))).toBe('http snponly.efi');
    expect(short(decideFor(firmware(16)))).toBe('http snponly.efi');
  });

  it('gives a loader without a PXE class its file, else an address alone', () => {
    expect(short(decideFor(bare(0x16)))).toBe('ipxe-arm64.efi');
    expect(short(decideFor(bare(0x0e)))).toBe('address-only');
  });

  it('sends iPXE to its script and leaves a running system alone', () => {
    expect(decideFor(IPXE)).toEqual({ kind: 'script', url: `${BASE}/boot/script/52-54-00-77-00-01` });
    expect(decideFor([])).toEqual({ kind: 'address-only' });
  });
});

describe('the bootfile of a host', () => {
  const host = (bootfile: string) => ({ host: { bootfile } });

  it('goes before the usual NBP, by the way the firmware boots', () => {
    expect(short(decideFor(firmware(7), host('ipxe.efi')))).toBe('ipxe.efi');
    expect(short(decideFor(httpFirmware(16), host('ipxe.efi')))).toBe('http ipxe.efi');
    expect(short(decideFor(httpFirmware(16), host('http://10.0.0.1/grub.efi')))).toBe(
      'http://10.0.0.1/grub.efi',
    );
    expect(short(decideFor(firmware(14), host('ipxe.pxe')))).toBe('ipxe.pxe');
  });

  it('is passed over, with the reason, when it is not published or cannot be fetched', () => {
    const rules: TriedRule[] = [];
    const trace = (rule: TriedRule): void => void rules.push(rule);
    expect(short(decideFor(firmware(7), { ...host('other.efi'), trace }))).toBe('snponly.efi');
    expect(short(decideFor(firmware(7), { ...host('http://10.0.0.1/x.efi'), trace }))).toBe('snponly.efi');
    expect(rules.filter(({ taken }) => !taken).map(({ why }) => why)).toEqual([
      '"other.efi": no such file is published by the image "nbp"',
      '"http://10.0.0.1/x.efi": this firmware boots by TFTP and cannot fetch a URL',
    ]);
  });

  it('is not for iPXE, and goes before that of a quirk', () => {
    expect(short(decideFor(IPXE, host('ipxe.efi')))).toBe('script');
    const workarounds = { bootfile: 'ipxe-amd64.efi' };
    expect(short(decideFor(firmware(7), { workarounds }))).toBe('ipxe-amd64.efi');
    expect(short(decideFor(firmware(7), { workarounds, ...host('ipxe.efi') }))).toBe('ipxe.efi');
  });
});

describe('no loop (xcat-core#7645)', () => {
  const codes = fc.oneof(fc.constantFrom(...CLIENT_ARCHITECTURES.map(({ code }) => code)), fc.nat(0xffff));
  const dialects = fc.constantFrom(firmware, httpFirmware, bare);
  const list = Uint8Array.of(3, ...Buffer.from('foo'), 4, ...Buffer.from('iPXE'));
  const marks = fc.constantFrom<Options>(
    IPXE.filter(([code]) => code > 100),
    [[OPTION.userClass, text('iPXE')]],
    [[OPTION.userClass, list]],
    [[OPTION.etherboot, new Uint8Array(0)]],
  );
  const wishes = fc.record(
    {
      host: fc.record({ bootfile: fc.constantFrom('ipxe.efi', 'http://10.0.0.1/x.efi') }),
      workarounds: fc.record({ bootfile: fc.constant('ipxe.efi'), treatAsArchitecture: codes }),
    },
    { requiredKeys: [] },
  );

  it('iPXE of no architecture and no class, with no bootfile and no quirk, ever gets an NBP', () => {
    fc.assert(
      fc.property(codes, dialects, marks, wishes, (code, dialect, mark, wish) => {
        expect(decideFor([...dialect(code), ...mark], wish).kind).toBe('script');
      }),
    );
  });

  it('firmware of no architecture is sent to a script, which it could not run', () => {
    fc.assert(
      fc.property(codes, dialects, (code, dialect) => {
        const identified = identify(aMessage('DISCOVER', { options: dialect(code) }));
        const choice = { catalogue: ALL, baseUrl: BASE };
        const kind = identified.ok ? decideBoot(identified.client, choice).kind : identified.reason;
        expect(kind).not.toBe('script');
      }),
    );
  });
});
