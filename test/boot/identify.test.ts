import { describe, expect, it } from 'vitest';
import { identify, isNetboot, stageOf } from '../../src/boot/identify.ts';
import { OPTION, octet, text } from '../../src/wire/dhcp/options.ts';
import { captured } from '../wire/dhcp/captured.ts';
import { aMessage, firmware, IPXE } from './world.ts';

describe('real clients', () => {
  it.each([
    ['ipxe-rom-2019-bios-discover', 'ipxe', 0],
    ['ipxe-rom-2019-bios-request', 'ipxe', 0],
    ['ipxe-2019-efi-discover', 'ipxe', 7],
    ['ipxe-2019-efi-request', 'ipxe', 7],
    ['ovmf-pxe-discover', 'firmware', 7],
    ['ovmf-pxe-request', 'firmware', 7],
    ['ovmf-http-discover', 'firmware', 16],
    ['udhcpc-discover', 'os', undefined],
    ['udhcpc-request', 'os', undefined],
    ['dhclient-discover', 'os', undefined],
    ['dhclient-request', 'os', undefined],
    ['networkd-discover', 'os', undefined],
  ] as const)('%s is %s', (name, stage, code) => {
    const packet = captured(name);
    const identified = identify(packet);
    if (!identified.ok) throw new Error(identified.reason);
    const { client } = identified;
    expect(stageOf(packet)).toBe(stage);
    expect(client.stage).toBe(stage);
    expect(isNetboot(packet)).toBe(stage !== 'os');
    expect(client.mac).toMatch(/^52:54:00:77:00:0[1-4]$/);
    expect(client.stage === 'os' ? undefined : client.arch?.code).toBe(code);
    if (client.stage === 'firmware') expect(client.httpBoot).toBe(name.includes('http'));
  });
});

describe('odd clients', () => {
  const withArch = (value: Uint8Array, vendorClass = 'PXEClient:Arch:00000:UNDI:002001') =>
    identify(
      aMessage('DISCOVER', {
        options: [
          [OPTION.vendorClass, text(vendorClass)],
          [OPTION.clientArchitecture, value],
        ],
      }),
    );

  it.each([
    ['an empty option 93: option 60 counts', new Uint8Array(0), 0],
    ['one octet', octet(7), 0],
    ['three octets', Uint8Array.of(0, 7, 0), 0],
    ['a conflict: option 93 counts', Uint8Array.of(0, 7), 7],
    ['a list: the first that IANA knows', Uint8Array.of(255, 255, 0, 11, 0, 7), 11],
  ])('B6: %s', (_name, value, code) => {
    expect(withArch(value)).toMatchObject({ ok: true, client: { stage: 'firmware', arch: { code } } });
  });

  it.each([
    ['an unknown code', withArch(Uint8Array.of(255, 255)), 'unknown-architecture'],
    [
      'PXEClient alone',
      identify(aMessage('DISCOVER', { options: [[60, text('PXEClient')]] })),
      'unknown-architecture',
    ],
    [
      'a bad decimal',
      identify(aMessage('DISCOVER', { options: [[60, text('HTTPClient:Arch:xxxxx')]] })),
      'unknown-architecture',
    ],
  ])('B5, B6: %s names no architecture', (_name, identified, reason) => {
    expect(identified).toEqual({ ok: false, reason });
  });

  it.each([
    ['empty', ''],
    ['lower case', 'pxeclient:arch:00007'],
    ['255 octets', 'x'.repeat(255)],
  ])('B5: a vendor class that is %s is a running system', (_name, vendorClass) => {
    expect(stageOf(aMessage('DISCOVER', { options: [[60, text(vendorClass)]] }))).toBe('os');
  });

  it.each([
    ['option 175 alone', [...firmware(7), [OPTION.etherboot, new Uint8Array(0)]]],
    ['the bare user class', [...firmware(7), [OPTION.userClass, text('iPXE')]]],
    ['the user class of RFC 3004', [...firmware(7), [OPTION.userClass, text('\x04iPXE')]]],
    ['no PXEClient class', [[OPTION.userClass, text('iPXE')]]],
    ['an unknown architecture', [...firmware(65_535), [OPTION.etherboot, octet(0)]]],
    ['all of it', IPXE],
  ] as const)('knows iPXE by %s', (_name, options) => {
    expect(identify(aMessage('DISCOVER', { options }))).toMatchObject({
      ok: true,
      client: { stage: 'ipxe' },
    });
  });

  it('B7: keeps a valid UUID and drops a shared default', () => {
    const uuid = [OPTION.clientMachineId, Uint8Array.from([0, ...new Array<number>(16).fill(0x11)])] as const;
    const none = [OPTION.clientMachineId, new Uint8Array(17)] as const;
    expect(identify(aMessage('DISCOVER', { options: [uuid] }))).toMatchObject({
      client: { uuid: '11111111-1111-1111-1111-111111111111' },
    });
    expect(identify(aMessage('DISCOVER', { options: [none] }))).not.toHaveProperty('client.uuid');
  });
});

describe('options that say nothing of use', () => {
  const OVMF = captured('ovmf-pxe-discover');
  const usual = identify(OVMF);

  it.each([
    ['B8: option 94 of one octet', 94, octet(1)],
    ['B8: option 94 of 255 octets', 94, new Uint8Array(255)],
    ['B9: option 43 whose lengths do not add up', OPTION.vendorSpecific, Uint8Array.of(6, 200, 8)],
    ['B9: option 43 that begins with its end', OPTION.vendorSpecific, Uint8Array.of(255, 6, 1, 8)],
    ['B9: option 43 of 300 octets, joined', OPTION.vendorSpecific, new Uint8Array(300).fill(6)],
    ['B4: a user class of another loader', OPTION.userClass, text('gPXE-like')],
  ])('%s changes nothing', (_name, code, value) => {
    expect(identify({ ...OVMF, options: new Map([...OVMF.options, [code, value]]) })).toEqual(usual);
  });
});
