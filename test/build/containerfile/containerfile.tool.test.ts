import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, readlinkSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../../requirements.ts';
import { BUSYBOX_NEEDS } from '../busybox-root.ts';
import { SmallSite } from '../small-site.ts';

const CONTAINERFILE = `ARG SOURCE=debian
FROM $SOURCE
ARG NAME=one
ENV GREETING="hello $NAME"
COPY --chown=www:adm --chmod=640 conf/*.conf run.sh /etc/app/
COPY files /
COPY . /srv/all/
WORKDIR /srv/app
RUN echo "$GREETING in $PWD for $BIVOUAC_IMAGE" > greeting \\
    # and who that was
    && ls -ln /etc/app > listing
RUN <<EOF
echo document > document
EOF
RUN <<EOF
#!/bin/cat
EOF
USER www
RUN ["/bin/sh", "-c", "echo home $HOME; setsid sleep 3597 & true"]
LABEL maintainer=nobody
`;

describeWith(
  ['root', 'buildah', 'mksquashfs', 'flock', ...BUSYBOX_NEEDS],
  'a Containerfile as a stage',
  () => {
    const small = new SmallSite();

    beforeAll(async () => {
      small.write({
        'web/Containerfile': CONTAINERFILE,
        'web/conf/a.conf': 'a',
        'web/conf/b.conf': 'b',
        'web/run.sh': '#!/bin/sh\n',
        'web/files/bin/extra': 'x',
        'web/files/tmp/kept': 'x',
        'web/files/etc/new/deep': 'deep',
        'web/unused': 'unused',
        'web/.dockerignore': 'unused\nconf/*\n!conf/a.conf\n*/etc\n',
      });
      symlinkSync('deep', join(small.images, 'web/files/link'));
      symlinkSync('/etc/hostname', join(small.images, 'web/out'));
      await small.open();
    });
    afterAll(() => small.remove());

    it('makes one layer of what it says, and leaves nothing running', async () => {
      const outcome = await small.build('web/Containerfile');
      expect(outcome.release.release.layers).toHaveLength(2);
      const top = await small.topOf(outcome);
      const read = (path: string) => readFileSync(join(top, path), 'utf8');
      expect(read('srv/app/greeting')).toBe('hello one in /srv/app for web\n');
      expect(read('srv/app/document')).toBe('document\n');
      expect(small.lines.join('\n')).toContain('home /home/www');
      expect(small.lines).toContain('    #!/bin/cat');
      expect(statSync(join(top, 'etc/app/a.conf'))).toMatchObject({ uid: 33, gid: 4, mode: 0o100640 });
      expect(existsSync(join(top, 'etc/app/b.conf'))).toBe(false);
      expect(read('bin/extra')).toBe('x');
      expect(readlinkSync(join(top, 'link'))).toBe('deep');
      expect(existsSync(join(top, 'etc/new'))).toBe(false);
      expect(existsSync(join(top, 'srv/all/conf/a.conf'))).toBe(true);
      expect(existsSync(join(top, 'srv/all/unused'))).toBe(false);
      expect(lstatSync(join(top, 'srv/all/out')).isSymbolicLink()).toBe(true);
      expect(execFileSync('ps', ['ax', '-o', 'args'], { encoding: 'utf8' })).not.toContain('sleep 3597');
      expect(small.lines).toContain('    line 5: COPY conf/*.conf run.sh /etc/app/');
    });

    it('is known until what it does or copies changes', async () => {
      small.write({ 'web/unused': 'changed', 'web/conf/b.conf': 'changed' });
      expect((await small.build('web/Containerfile')).stepsRun).toBe(0);
    });

    it('says which line failed and why', async () => {
      small.write({ 'bad/Containerfile': 'RUN true\n\nRUN echo no such thing \\\n  && exit 3\n' });
      await expect(small.build('bad/Containerfile')).rejects.toMatchObject({
        code: 'build-failed',
        exitCode: 3,
        message:
          'Cannot build image "web": stage "bad/Containerfile" failed: Line 3 ("RUN echo no such thing   && exit 3"): exit code 3: no such thing',
      });
      small.write({ 'bad/Containerfile': 'COPY --chown=nobody Containerfile /x' });
      await expect(small.build('bad/Containerfile')).rejects.toThrow(/the root has no "nobody"/);
    });
  },
);
