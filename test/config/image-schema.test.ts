import { Errors } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { imageTree } from '../../src/build/tree.ts';
import { parseSource } from '../../src/config/document.ts';
import { FaultList } from '../../src/config/fault.ts';
import { ImageFileSchema } from '../../src/config/image-schema.ts';

const OPTIONS = { directory: '/site/images', architecture: 'amd64', stat: (): 'file' => 'file' } as const;

/** Whether the schema and the reader take an image with this below its key. */
function verdicts(keys: string): { readonly schema: boolean; readonly reader: boolean } {
  const text = `trixie:\n  arch: [amd64, arm64]\n  base:\n    ${keys}\n`;
  const value = parseSource('config.yml', Buffer.from(text), new FaultList())?.value;
  const schema = Errors(ImageFileSchema, value).length === 0;
  return { schema, reader: imageTree(value, OPTIONS).faults.length === 0 };
}

// An editor must not mark what a build takes.
describe('the schema takes what the reader takes', () => {
  test.each([
    ...['name', 'stages', 'cmdline', 'drivers', 'persist', 'secrets', 'hooks', 'clean', 'lint'],
    'schedule_options',
  ])('nothing after "%s:"', (key) => {
    expect(verdicts(`${key}:`)).toEqual({ schema: true, reader: true });
  });

  test.each([
    'lint: {allow: }',
    'schedule_options: {build_parents: all}',
    'schedule_options: {stage: trueall, build_parents: -1}',
    'kernel: {amd64: linux-image-amd64, arm64: linux-image-arm64}',
    'outputs: [netboot, {oci: {command: [/bin/sh]}}]',
    'outputs: {squashfs: , tar: {compression: xz}}',
    'secrets: {a: /a, b: {path: /b}}',
    'arch: arm64',
    'time_limit: 1d',
    'outputs: {files: {a: /b}, raw: {size: 1GiB}, qcow2: true, oci: {push: {to: "docker://h/a", verify_tls: false}}}',
  ])('%s', (keys) => {
    expect(verdicts(keys)).toEqual({ schema: true, reader: true });
  });

  test.each(['from', 'include', 'mirror'])('nothing after "%s:" of a release master', (key) => {
    const value = { trixie: { [key]: null } };
    expect(imageTree(value, OPTIONS).faults).toEqual([]);
    expect(Errors(ImageFileSchema, value)).toEqual([]);
  });

  test('settings without values', () => {
    const keys = ['never_upload', 'ignore_stage_in_conffs', 'always_apply_stage_in_conffs'];
    const settings = Object.fromEntries(keys.map((key) => [key, null]));
    for (const configuration of [null, {}, settings]) {
      expect(imageTree({ configuration, trixie: {} }, OPTIONS).faults).toEqual([]);
      expect(Errors(ImageFileSchema, { configuration, trixie: {} })).toEqual([]);
    }
  });
});

test.each([
  ...['stages: a.sh', 'stages: [1]', 'conffs:', 'conffs: [web]', 'branch: 12', 'schedule: 5', 'kernel: 12'],
  ...['cmdline: quiet', 'persist: {a: b}', 'outputs: netboot', 'outputs:', 'squash_level: "9"', 'arch:'],
  ...['secrets: [a]', 'hooks: a.sh', 'clean: {logfiles: 1}', 'time_limit: 5', 'lint: {deny: []}', 'web: 1'],
  ...['outputs: {tar: 5}', 'outputs: {raw: {size: 4}}', 'outputs: {netboot: {a: b}}', 'outputs: [{}]'],
  ...[
    'outputs: {files: [/a]}',
    'outputs: {oci: {command: /bin/sh}}',
    'schedule_options: {build_parents: 5000}',
  ],
  ...['schedule_options: {stage: roots}', 'schedule_options: {build_parents: some}', 'arch: [x86]'],
])('neither takes %s', (keys) => {
  expect(verdicts(keys)).toEqual({ schema: false, reader: false });
});
