import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideBoot } from '../../src/boot/decide.ts';
import { identify } from '../../src/boot/identify.ts';
import { CLIENT_ARCHITECTURES } from '../../src/core/arch.ts';
import { NBP_IMAGE } from '../../src/core/catalogue.ts';
import { aCatalogue, anNbpRelease, aPublication, artefact } from '../builders.ts';
import { aMessage, firmware, IPXE } from './world.ts';

function publishing(...names: readonly string[]) {
  const release = anNbpRelease({ files: names.map((name) => ({ name, ...artefact('b') })) });
  return aCatalogue([aPublication({ image: NBP_IMAGE, release })]);
}

const ALL = publishing('undionly.kpxe', 'snponly.efi', 'ipxe.efi', 'ipxe-arm64.efi');

function decideFor(options: ReturnType<typeof firmware>, catalogue = ALL) {
  const identified = identify(aMessage('DISCOVER', { options }));
  if (!identified.ok) throw new Error(identified.reason);
  return decideBoot(identified.client, catalogue, 'http://10.77.0.1:8080');
}

describe('decideBoot', () => {
  it.each([
    [0, { kind: 'nbp', file: 'undionly.kpxe', firmware: 'bios' }],
    [7, { kind: 'nbp', file: 'snponly.efi', firmware: 'uefi' }],
    [9, { kind: 'nbp', file: 'snponly.efi', firmware: 'uefi' }],
    [11, { kind: 'nbp', file: 'ipxe-arm64.efi', firmware: 'uefi' }],
    [6, { kind: 'ignore', reason: 'no-nbp-for-architecture' }],
    [0x1b, { kind: 'ignore', reason: 'no-nbp-for-architecture' }],
    [16, { kind: 'ignore', reason: 'http-boot' }],
    [19, { kind: 'ignore', reason: 'http-boot' }],
  ])('firmware of architecture %i', (arch, expected) => {
    expect(decideFor(firmware(arch))).toEqual(expected);
  });

  it('takes the next best NBP, and says so when there is none', () => {
    expect(decideFor(firmware(7), publishing('ipxe.efi'))).toMatchObject({ file: 'ipxe.efi' });
    expect(decideFor(firmware(11), publishing('snponly.efi'))).toEqual({
      kind: 'ignore',
      reason: 'nbp-not-published',
    });
    expect(decideFor(firmware(0), aCatalogue([]))).toEqual({ kind: 'ignore', reason: 'nbp-not-published' });
  });

  it('sends iPXE to its script and leaves a running system alone', () => {
    expect(decideFor(IPXE)).toEqual({
      kind: 'script',
      url: 'http://10.77.0.1:8080/boot/script/52-54-00-77-00-01',
    });
    expect(decideFor([])).toEqual({ kind: 'address-only' });
  });

  it('never loops: iPXE of no architecture ever gets an NBP', () => {
    const codes = fc.oneof(fc.constantFrom(...CLIENT_ARCHITECTURES.map(({ code }) => code)), fc.nat(0xffff));
    fc.assert(
      fc.property(codes, (code) => {
        const options = [...firmware(code), ...IPXE.filter(([option]) => option > 100)];
        expect(decideFor(options).kind).toBe('script');
      }),
    );
  });
});
