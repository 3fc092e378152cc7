import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWith } from '../requirements.ts';
import { InitramfsShell } from './initramfs-shell.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const C = 'c'.repeat(64);
const GOOD = [
  'bivouac-manifest 1',
  'host web01',
  'boot b1',
  'image web',
  `release sha256:${C}`,
  'kernel-version 6.12.48+deb13-amd64',
  `layer sha256:${A} 48939008 http://10.77.0.1/artefacts/sha256/${A}`,
  `layer sha256:${B} 4096 http://10.77.0.1:8080/artefacts/sha256/${B}`,
  `conffs sha256:${C} 20480 http://10.77.0.1/boot/conffs`,
  'end',
];
const WHO = {
  BIVOUAC_SERVER: 'http://10.77.0.1',
  BIVOUAC_HOST: 'web01',
  BIVOUAC_BOOT: 'b1',
  BIVOUAC_RELEASE: `sha256:${C}`,
};

async function parse(text: string) {
  const shell = new InitramfsShell();
  const file = shell.write('manifest', text);
  const program = `parse_manifest ${file} ${shell.run}/plan || { echo "FAIL $FAIL_REASON"; exit 1; }; echo "kernel $KERNEL_VERSION"`;
  return { ...(await shell.sh(program, WHO)), plan: shell.read('plan') };
}

/** The good manifest with one line replaced, or left out. */
function withLine(index: number, ...lines: string[]): string {
  return `${GOOD.toSpliced(index, 1, ...lines).join('\n')}\n`;
}

const HOSTILE: readonly (readonly [name: string, text: string, reason: string])[] = [
  ['nothing', '', 'it ends early, wanted header'],
  ['another version', withLine(0, 'bivouac-manifest 2'), 'line 1 is "bivouac-manifest 2"'],
  ['a host that we are not', withLine(1, 'host web02'), 'line 2 is "host web02", wanted "host web01"'],
  ['another boot', withLine(2, 'boot b2'), 'wanted "boot b1"'],
  ['another release', withLine(4, `release sha256:${A}`), 'line 5 is'],
  ['no kernel version', withLine(5), 'wanted kernel-version'],
  ['no end', withLine(9), 'it ends early, wanted end'],
  ['more after the end', `${GOOD.join('\n')}\nlayer x\n`, 'line 11 has 2 words, wanted nothing'],
  ['no layer', withLine(6).replace(/layer.*\n/, ''), 'line 7 is a "conffs", wanted 1 to 64 layers'],
  ['no conffs', withLine(8), 'line 9 has 1 words'],
  ['two conffs', withLine(8, GOOD[8] ?? '', GOOD[8] ?? ''), 'line 10 has 4 words, wanted end'],
  ['a short digest', withLine(6, `layer sha256:${A.slice(1)} 1 http://h/x`), 'line 7 has no sha256 digest'],
  ['an upper-case digest', withLine(6, `layer sha256:${A.toUpperCase()} 1 http://h/x`), 'no sha256 digest'],
  ['another hash', withLine(6, `layer md5:${A} 1 http://h/x`), 'no sha256 digest'],
  ['a path as digest', withLine(6, `layer sha256:../../etc/passwd 1 http://h/x`), 'no sha256 digest'],
  ['no size', withLine(6, `layer sha256:${A} 0 http://h/x`), 'line 7 has no size'],
  ['an octal size', withLine(6, `layer sha256:${A} 010 http://h/x`), 'line 7 has no size'],
  ['a negative size', withLine(6, `layer sha256:${A} -1 http://h/x`), 'line 7 has no size'],
  ['a huge size', withLine(6, `layer sha256:${A} 9999999999999 http://h/x`), 'line 7 has no size'],
  [
    'a file URL',
    withLine(6, `layer sha256:${A} 1 file:///etc/shadow`),
    'a URL that this host does not fetch',
  ],
  ['an option as URL', withLine(6, `layer sha256:${A} 1 --output`), 'a URL that this host does not fetch'],
  [
    'conffs elsewhere',
    withLine(8, `conffs sha256:${C} 1 http://10.77.0.10/c`),
    'a URL that this host does not fetch',
  ],
  ['an unknown row', withLine(6, `run sha256:${A} 1 http://h/x`), 'line 7 is a "run"'],
  ['a substitution', withLine(6, `layer sha256:${A} 1 http://h/$(reboot)`), 'line 7 has characters'],
  ['a glob', withLine(6, '/etc/*'), 'line 7 has characters'],
  ['a backslash', withLine(3, 'image w\\eb'), 'line 4 has characters'],
  ['a tab', withLine(3, 'image\tweb'), 'line 4 has characters'],
  ['an escape sequence', withLine(3, 'image \x1b[2J'), 'line 4 has characters'],
  ['carriage returns', GOOD.join('\r\n'), 'line 1 has characters'],
  ['65 layers', withLine(6, ...Array.from({ length: 64 }, () => GOOD[6] ?? '')), 'wanted 1 to 64 layers'],
  ['64 KiB and more', `${GOOD.join('\n')}\n${'x'.repeat(65536)}`, 'it is larger than 65536 bytes'],
];

describeWith(['busybox'], 'the manifest parser of the initramfs', () => {
  it('turns a manifest into the rows to fetch', async () => {
    const { code, stdout, plan } = await parse(`${GOOD.join('\n')}\n`);
    expect(stdout).toBe('kernel 6.12.48+deb13-amd64\n');
    expect(code).toBe(0);
    expect(plan.split('\n')).toEqual([
      `layer ${A} 48939008 http://10.77.0.1/artefacts/sha256/${A}`,
      `layer ${B} 4096 http://10.77.0.1:8080/artefacts/sha256/${B}`,
      `conffs ${C} 20480 http://10.77.0.1/boot/conffs`,
      '',
    ]);
  });

  it.each(HOSTILE)('refuses %s', async (_name, text, reason) => {
    const { code, stdout } = await parse(text);
    expect(stdout).toContain('FAIL The manifest is not valid: ');
    expect(stdout).toContain(reason);
    expect(code).toBe(1);
  });

  it('never runs or prints raw what it reads', async () => {
    const line = fc.string({
      unit: fc.constantFrom(...Array.from('ab $`(){};&|<>*?[]!#~\'"\\=\x1b\n\t0:/-')),
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(line, fc.nat(9), async (text, index) => {
        const { code, stdout } = await parse(withLine(index, text));
        expect(code).toBe(1);
        expect(stdout).toMatch(/^FAIL [ -~]{1,500}\n$/);
      }),
      { numRuns: 40 },
    );
  });
});
