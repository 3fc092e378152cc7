import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { describeWith } from '../../requirements.ts';
import { errorOf } from '../build-test.ts';
import { STAGE_TOOLS, StageFolder } from './stage-folder.ts';

const TOKEN = 'correct-horse-battery-staple';

describeWith(STAGE_TOOLS, 'stages for real', () => {
  const folder = new StageFolder();

  afterAll(() => folder.remove());

  it('have hooks around them, see secrets, and leave none of it', async () => {
    const token = folder.write('secret/token', `${TOKEN}\n`);
    const binary = folder.write('secret/binary', '\0\xff\n\n% binary');
    folder.write(
      'one.sh',
      `
      test "$(stat -c '%a %u' /run/secrets/token)" = "400 0"
      grep -q ' /run/secrets tmpfs ro,' /proc/mounts
      if touch /run/secrets/more; then exit 8; fi
      if env | grep -q battery || cat /proc/[0-9]*/cmdline | grep -q battery; then exit 9; fi
      echo "token $(cat /run/secrets/token)"
      cp /run/secrets/binary /srv/copied-and-removed
      stat -c %s /srv/copied-and-removed
      rm /srv/copied-and-removed
      echo done > /srv/done
      `,
    );
    folder.write('before.sh', 'echo "$BIVOUAC_HOOK $BIVOUAC_STAGE" > /srv/hooks; test -r /run/secrets/token');
    folder.write(
      'after',
      '#!/bin/busybox sh\nset -e; test -e /srv/done; echo "$BIVOUAC_HOOK $0" >> /srv/hooks',
    );
    const hooks = { before: 'before.sh', after: 'after' };
    const keys = { stages: ['one.sh'], hooks, secrets: { token, binary } };
    const outcome = await folder.build(keys, () => undefined);
    const layer = await folder.layer(outcome, 1);
    expect(readFileSync(join(layer, 'srv/done'), 'utf8')).toBe('done\n');
    expect(readFileSync(join(layer, 'srv/hooks'), 'utf8')).toBe('before one.sh\nafter /run/bivouac-stage\n');
    expect(existsSync(join(layer, 'run/secrets'))).toBe(false);
    expect(folder.lines).toContain('    token ***');
    expect(folder.lines.join()).not.toContain(TOKEN);
    expect(lstatSync(join(layer, 'srv')).isDirectory()).toBe(true);
    expect(await folder.leftovers()).toEqual([]);

    folder.write('two.sh', 'cat /run/secrets/token > /srv/kept');
    const error = await errorOf(
      folder.build({ ...keys, hooks: {}, stages: ['one.sh', 'two.sh'] }, () => undefined),
    );
    expect(error).toMatchObject({
      message: expect.stringContaining(
        'stage "two.sh" failed: Cannot keep the layer: "/srv/kept" holds secret "token"',
      ) as string,
    });
    expect(await folder.leftovers()).toEqual([]);
  });
});
