import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { FaultList } from '../../src/config/fault.ts';
import { readQuirks } from '../../src/config/quirks.ts';
import { faultsOf, loadedSite } from './site-folder.ts';

const quirks = (...lines: readonly string[]) => ({ 'boot/quirks.yml': ['quirks:', ...lines].join('\n') });

test("this project's own quirks have no faults", async () => {
  const faults = new FaultList();
  const read = await readQuirks(resolve(import.meta.dirname, '../../boot'), faults);
  expect(faults.faults).toEqual([]);
  expect(read.map(({ name }) => name)).toEqual(['raspberry-pi', 'raspberry-pi-3', 'names-up-to-nul']);
});

test('a site without the file has no quirks', async () => {
  expect((await loadedSite()).policy.quirks).toEqual([]);
});

test('every key is read', async () => {
  const site = await loadedSite(
    quirks(
      '  - name: all',
      '    match:',
      '      stages: [firmware, ipxe]',
      '      vendor_classes: [PXEClient]',
      '      user_classes: [foo]',
      '      macs: [B8:27:EB]',
      '      architectures: [0, 65535]',
      '      options: {"60": any, "97": "00ff"}',
      '    workarounds:',
      '      treat_as_architecture: 7',
      '      bootfile: ipxe.efi',
      '      bootfile_in: fields',
      '      nul_terminated: true',
      '      without_options: [43]',
      '      broadcast: true',
      '      serve: never',
    ),
  );
  expect(site.policy.quirks).toEqual([
    {
      name: 'all',
      match: {
        stages: ['firmware', 'ipxe'],
        vendorClasses: ['PXEClient'],
        userClasses: ['foo'],
        macs: ['b8:27:eb'],
        architectures: [0, 65_535],
        options: new Map([
          [60, undefined],
          [97, Buffer.from([0, 255])],
        ]),
      },
      workarounds: {
        treatAsArchitecture: 7,
        bootfile: 'ipxe.efi',
        bootfileIn: 'fields',
        nulTerminated: true,
        withoutOptions: [43],
        broadcast: true,
        serve: 'never',
      },
    },
  ]);
});

test('each fault has its place', async () => {
  const file = quirks(
    '  - name: one',
    '    match: {}',
    '    workarounds: {broadcast: true, serv: full}',
    '  - name: one',
    '    match: {macs: [b8-27]}',
    '    workarounds: {treat_as_architecture: 999, without_options: [53]}',
    '  - match: {stages: [bios]}',
    '    workarounds: {}',
  );
  expect(await faultsOf(file)).toEqual([
    'boot/quirks.yml:3:5: "match" of quirk "one" is empty (Say whom it is meant for: it would be everybody)',
    'boot/quirks.yml:4:36: Unknown key "serv" in "quirks[0].workarounds" (Did you mean "serve"?)',
    'boot/quirks.yml:5:11: There are two quirks "one" (Rename one)',
    expect.stringContaining(
      'boot/quirks.yml:6:20: "quirks[1].match.macs[0]" is "b8-27", wanted the first octets',
    ),
    expect.stringContaining('boot/quirks.yml:7:42: "quirks[1].workarounds.treat_as_architecture" is 999'),
    expect.stringContaining('boot/quirks.yml:7:65: "quirks[1].workarounds.without_options[0]" is 53'),
    expect.stringContaining('Missing key "name" in "quirks[2]"'),
    expect.stringContaining('"quirks[2].match.stages[0]" is "bios", wanted one of firmware, ipxe, os'),
  ]);
});
