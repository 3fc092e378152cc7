import { describe, expect, it } from 'vitest';
import { imageTree } from '../../../src/build/tree.ts';

function read(value: unknown) {
  const stat = (path: string) => (path === '/i/hooks/a.sh' || path === '/i/b' ? 'file' : undefined);
  return imageTree(value, { directory: '/i', architecture: 'amd64', stat });
}

describe('hooks', () => {
  it('are scripts before and after each stage: the parent’s unless an image has its own', () => {
    const { images, faults } = read({
      trixie: {
        hooks: { before: 'hooks/a.sh', after: 'b' },
        web: {},
        db: { hooks: { after: 'b' } },
        none: { hooks: {} },
      },
    });
    expect(faults).toEqual([]);
    const before = { name: 'hooks/a.sh', path: '/i/hooks/a.sh' };
    const after = { name: 'b', path: '/i/b' };
    expect(images.map(({ hooks }) => hooks)).toEqual([{ before, after }, { before, after }, { after }, {}]);
  });

  it.each([
    ['hooks/a.sh', 'hooks: Cannot read "hooks": it is no mapping'],
    [{ during: 'b' }, 'hooks.during: Cannot run a hook "during"'],
    [{ before: '/etc/passwd' }, 'hooks.before: Cannot use hook "/etc/passwd": it is no relative path'],
    [{ before: ['b', 'x'] }, 'hooks.before: Cannot use hook a list: it is no relative path'],
    [{ after: 'c' }, 'hooks.after: Cannot find hook "c"'],
  ])('are not %j', (hooks, fault) => {
    const { faults } = read({ trixie: { hooks } });
    expect(faults.map(({ path, message }) => `${path.slice(1).join('.')}: ${message}`)).toEqual([fault]);
  });
});
