import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOfArgument, kernelCommandLine, persistentPaths } from '../../src/boot/cmdline.ts';
import { mac } from '../builders.ts';

const SOURCE = {
  release: { cmdline: ['console=tty0'] },
  host: ['quiet'],
  mac: mac(),
  onFailure: 'retry',
} as const;

describe('the kernel command line', () => {
  it("has the release's arguments, the host's, then what the initramfs needs", () => {
    expect(kernelCommandLine(SOURCE)).toBe(
      'console=tty0 quiet BOOTIF=01-52-54-00-77-00-01 bivouac.on_failure=retry',
    );
  });

  it('names the paths that persist', () => {
    const release = { cmdline: ['quiet'], persist: ['/srv', '/var/lib/db'] };
    expect(kernelCommandLine({ ...SOURCE, release, host: [] })).toContain(
      'quiet bivouac.persist=/srv:/var/lib/db BOOTIF=',
    );
  });

  it("has the host's own list of them count", () => {
    const release = { cmdline: [], persist: ['/srv'] };
    expect(persistentPaths({ release, host: [] })).toEqual(['/srv']);
    expect(persistentPaths({ release, host: ['bivouac.persist=/a:/b'] })).toEqual(['/a', '/b']);
    expect(persistentPaths({ release: { cmdline: [] }, host: [] })).toEqual([]);
  });

  it("leaves the host's own failure policy", () => {
    const line = kernelCommandLine({ ...SOURCE, host: ['bivouac.on_failure=shell'] });
    expect(line).toBe('console=tty0 bivouac.on_failure=shell BOOTIF=01-52-54-00-77-00-01');
  });

  it.each([
    'console=ttyS0,115200n8',
    'root=UUID=1234-abcd',
    'ip=10.77.0.11::10.77.0.1:255.255.255.0:web01:eth0:off',
    'systemd.mask=x@1.service',
    'mem=512M',
    'nokaslr',
    'foo=[::1]',
    'module.param=a;b',
  ])('takes %s', (argument) => {
    expect(faultOfArgument(argument)).toBeUndefined();
  });

  it.each([
    ['', 'is empty'],
    ['a b', 'has " "'],
    ['a\nb', 'has "\\n"'],
    ['a\tb', 'has "\\t"'],
    ['a\u0000b', 'has "\\u0000"'],
    ['a\rb', 'has "\\r"'],
    ['&&', 'has "&"'],
    ['a&&b', 'has "&"'],
    ['||', 'has "|"'],
    ['${net0/mac}', 'has "$"'],
    ['$x', 'has "$"'],
    ['#x', 'has "#"'],
    ['a"b', 'has "\\""'],
    ["a'b", `has "'"`],
    ['a`b', 'has "`"'],
    ['a\\', 'has "\\\\"'],
    ['ä=1', 'has "ä"'],
    [';', 'would end'],
    ['--', 'would end'],
    ['BOOTIF=01-00', 'is set by the server'],
    ['initrd=x', 'is set by the server'],
    ['x'.repeat(3000), 'is longer'],
  ])('refuses %j (G3)', (argument, reason) => {
    expect(faultOfArgument(argument)).toContain(reason);
    expect(() => kernelCommandLine({ ...SOURCE, host: [argument] })).toThrow('Cannot use kernel argument');
    expect(() => kernelCommandLine({ ...SOURCE, release: { cmdline: [argument] } })).toThrow(
      'Cannot use kernel argument',
    );
  });

  it('refuses more than the kernel keeps', () => {
    const many = Array.from({ length: 300 }, (_, index) => `x${index}=1`);
    expect(() => kernelCommandLine({ ...SOURCE, host: many })).toThrow('at most 1983 fit');
  });

  it('splits, as the kernel and iPXE split it, into just the arguments that went in', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { maxLength: 10 }), (args) => {
        const good = args.filter((arg) => faultOfArgument(arg) === undefined);
        const words = kernelCommandLine({ ...SOURCE, release: { cmdline: [] }, host: good }).split(/\s/);
        expect(words.slice(0, good.length)).toEqual(good);
        for (const word of words) expect(word).not.toMatch(/[\s"'`$\\#&|]|^;$|[^ -~]/);
      }),
    );
  });
});
