import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ContainerfileAction } from '../../../src/build/containerfile/action.ts';
import { readContainerfile } from '../../../src/build/containerfile/read.ts';

const GIVEN = { BIVOUAC_IMAGE: 'web', BIVOUAC_ARCH: 'amd64', HOME: '/root', PATH: '/usr/bin:/bin' };

function actionsOf(text: string): readonly ContainerfileAction[] {
  const { actions, faults } = readContainerfile(text, GIVEN);
  expect(faults).toEqual([]);
  return actions;
}

function argvOf(text: string) {
  return actionsOf(text).map((action) => (action.kind === 'run' ? action.argv : action.kind));
}

describe('a Containerfile as a stage', () => {
  it('runs lines of a shell without their comments and line ends', () => {
    const text = 'RUN one \\\n  # why\n\n  "a  # b" # end\nRUN ["/bin/two", "x y", "$HOME"]\n';
    expect(argvOf(text)).toEqual([
      ['/bin/sh', '-c', 'one   "a  # b" # end'],
      ['/bin/two', 'x y', '$HOME'],
    ]);
  });

  it('takes here-documents as scripts, or as what a shell reads', () => {
    expect(argvOf('RUN <<EOF\n# kept\none\nEOF\nRUN two')).toEqual([
      ['/bin/sh', '-c', '# kept\none\n'],
      ['/bin/sh', '-c', 'two'],
    ]);
    expect(argvOf('RUN <<EOF\nEOF\nRUN cat > /x <<-A && two\n\tone\n\tA\n')).toEqual([
      ['/bin/sh', '-c', '\n'],
      ['/bin/sh', '-c', 'cat > /x <<-A && two\n\tone\n\tA\n'],
    ]);
    expect(actionsOf('RUN <<-"EOF"\n\t#!/usr/bin/python3\n\tprint(1)\n\tEOF')[0]).toMatchObject({
      argv: ['/run/bivouac-run'],
      script: '#!/usr/bin/python3\nprint(1)\n',
    });
  });

  it('hands variables on as Docker does', () => {
    const text = [
      'ARG SOURCE=debian',
      'FROM ${SOURCE} AS base',
      'ARG SOURCE',
      'ARG VERSION=1.2 TARGETARCH TARGETPLATFORM',
      'ENV VERSION="2 ${VERSION}" COPY=$VERSION',
      'ENV OLD a  b',
      "ENV PATH=/opt/bin:$PATH UNSET=${NONE:-none}${VERSION:+set} LITERAL='$PATH'\\$x",
      'RUN one',
    ].join('\n');
    expect(actionsOf(text)[0]).toMatchObject({
      environment: {
        ...GIVEN,
        VERSION: '2 1.2',
        COPY: '1.2',
        OLD: 'a  b',
        PATH: '/opt/bin:/usr/bin:/bin',
        UNSET: 'noneset',
        LITERAL: '$PATH$x',
        TARGETARCH: 'amd64',
        TARGETPLATFORM: 'linux/amd64',
      },
    });
    const [run] = actionsOf(text);
    expect(run?.kind === 'run' && 'SOURCE' in run.environment).toBe(false);
  });

  it('keeps folder, user and shell for what follows', () => {
    const text =
      'WORKDIR /srv\nWORKDIR app\nUSER www:www\nSHELL ["/bin/bash", "-ec"]\nRUN one\nCOPY a b/\nCOPY a .\nADD a /c\nCOPY --chown=1:2 --chmod=0640 --link ["a b", "c", "/d/"]\nCOPY a /';
    const [, , run, ...copies] = actionsOf(text);
    expect(run).toMatchObject({ argv: ['/bin/bash', '-ec', 'one'], directory: '/srv/app', user: 'www:www' });
    expect(run?.kind === 'run' && 'HOME' in run.environment).toBe(false);
    expect(copies.map((copy) => (copy.kind === 'copy' ? copy.target : ''))).toEqual([
      '/srv/app/b/',
      '/srv/app/',
      '/c',
      '/d/',
      '/',
    ]);
    expect(copies[3]).toMatchObject({ patterns: ['a b', 'c'], owner: '1:2', mode: 0o640 });
  });

  it.each([
    ['FROM debian:13', 1, 1, /a stage stands on the one before it/, /FROM \$SOURCE/],
    ['FROM $SOURCE\nFROM $SOURCE', 2, 1, /second FROM/, /files of their own/],
    ['RUN a\nFROM $SOURCE', 2, 1, /a stage stands/, /./],
    ['RUN a\n  cmd ["x"]', 2, 3, /Cannot use CMD: a host starts its services by systemd/, /systemctl enable/],
    ['ENTRYPOINT x', 1, 1, /ENTRYPOINT/, /systemctl/],
    ['EXPOSE 80', 1, 1, /EXPOSE/, /Remove the line/],
    ['VOLUME /srv', 1, 1, /VOLUME/, /"persist"/],
    ['HEALTHCHECK NONE', 1, 1, /HEALTHCHECK/, /Remove/],
    ['ONBUILD RUN x', 1, 1, /ONBUILD/, /stage of the images below/],
    ['RUN --mount=type=secret,id=a \\\n  x', 1, 5, /Cannot use --mount of RUN/, /Remove it/],
    ['COPY --from=base a /b', 1, 6, /Cannot use --from of COPY/, /earlier stage/],
    ['COPY ../a /b', 1, 1, /leads out of the folder/, /Move the file/],
    ['ARG up=..\nCOPY $up/a /b', 2, 1, /leads out of the folder/, /./],
    ['ADD https://x.example/a /b', 1, 1, /no file of this folder/, /RUN/],
    ['ADD a.tar.gz /b', 1, 1, /archives are not unpacked/, /tar --extract/],
    ['COPY a', 1, 1, /no source or no target/, /SOURCE TARGET/],
    ['COPY a b /c', 1, 1, /it is no folder/, /End the target/],
    ['COPY --chmod=u+x a /b', 1, 6, /the mode "u\+x"/, /octal/],
    ['COPY <<E /b\nx\nE', 1, 1, /here-document/, /beside/],
    ['ENV 1A=2', 1, 1, /name a variable "1A"/, /letters/],
    ['ENV A', 1, 1, /it has no value/, /ENV A=VALUE/],
    ['ENV A="b', 1, 1, /a quote \("\) is not closed/, /quotes/],
    ['ENV A=${B%c}', 1, 1, /only "\$\{NAME\}"/, /./],
    ['SHELL /bin/bash', 1, 1, /no JSON list/, /\["\/bin\/bash"/],
    ['RUNN x', 1, 1, /"RUNN": it is no instruction/, /RUN, COPY/],
    ['RUN', 1, 1, /it says nothing/, /complete/],
    ['USER "a b"', 1, 1, /Cannot be user "a b"/, /USER:GROUP/],
  ])('refuses %j with place and remedy', (text, line, column, message, remedy) => {
    const { faults } = readContainerfile(text, GIVEN);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({
      place: { line, column },
      message: expect.stringMatching(message) as string,
      remedy: expect.stringMatching(remedy) as string,
    });
  });

  it('tells all faults of a file, whatever they are, and never fails itself', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'RUN',
        'COPY',
        'ADD',
        'ENV',
        'ARG',
        'FROM',
        '<<EOF',
        'EOF',
        '\\\n',
        '\n',
        '#',
        '$',
        '${',
        '"',
        "'",
        '[',
        '--x=',
        '..',
        ' ',
      ),
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const text = parts.join(' ');
        const { faults } = readContainerfile(text, GIVEN);
        const lines = text.replaceAll('\r\n', '\n').split('\n');
        for (const { place } of faults)
          expect(lines[place.line - 1]?.length).toBeGreaterThanOrEqual(place.column);
      }),
    );
  });

  it('gives words back as they were quoted', () => {
    const value = fc
      .string({ unit: 'grapheme-ascii', maxLength: 20 })
      .filter((text) => !/[\\\n\r]/.test(text));
    fc.assert(
      fc.property(value, (text) => {
        const quoted = `"${text.replaceAll(/["$]/g, (char) => `\\${char}`)}"`;
        const [run] = actionsOf(`ENV A=${quoted} B='x'\nRUN x`);
        expect(run?.kind === 'run' ? run.environment['A'] : undefined).toBe(text);
      }),
    );
  });
});
