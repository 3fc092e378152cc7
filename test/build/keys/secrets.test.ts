import { describe, expect, it } from 'vitest';
import { imageTree } from '../../../src/build/tree.ts';

function read(value: unknown) {
  return imageTree(value, { directory: '/i', architecture: 'amd64', stat: () => 'file' });
}

function faultsOf(secrets: unknown): readonly string[] {
  return read({ trixie: { web: { stages: ['one.sh'], secrets } } }).faults.map(
    ({ path, message }) => `${path.slice(2).join('.')}: ${message}`,
  );
}

describe('secrets', () => {
  it('are files by name, for all stages of the image or for some, and not handed down', () => {
    const secrets = { token: '/etc/token', key: { path: '/etc/key', stages: ['one.sh'] } };
    const { images, faults } = read({ trixie: { web: { stages: ['one.sh'], secrets, below: {} } } });
    expect(faults).toEqual([]);
    expect(images[1]?.secrets).toEqual([
      { name: 'token', path: '/etc/token' },
      { name: 'key', path: '/etc/key', stages: ['one.sh'] },
    ]);
    expect(images[2]).not.toHaveProperty('secrets');
  });

  it('do not go to a release master, which has no stages of its own', () => {
    const { faults } = read({ trixie: { secrets: { token: '/etc/token' } } });
    expect(faults.map(({ message }) => message)).toEqual([
      'Cannot give secrets to a release master: they are for stages of its own, which it has none of',
    ]);
  });

  it.each([
    [['token'], 'secrets: Cannot read "secrets": it is no mapping'],
    [{ '../x': '/etc/x' }, 'secrets.../x: Cannot name a secret "../x"'],
    [{ token: 'hunter2hunter2' }, 'secrets.token: Cannot read secret "token" from there: it is no path'],
    [{ token: '/etc/../x' }, 'secrets.token: Cannot read secret "token" from there: it is no path'],
    [{ token: {} }, 'secrets.token: Cannot read secret "token" from there: it is no path'],
    [{ token: { path: '/x', mode: 1 } }, 'secrets.token.mode: Cannot use option "mode" of a secret'],
    [
      { token: { path: '/x', stages: ['two.sh'] } },
      'secrets.token.stages.0: Cannot give secret "token" to stage "two.sh": the image has no such stage',
    ],
  ])('are not %j', (secrets, fault) => {
    expect(faultsOf(secrets)).toEqual([fault]);
  });

  it('are at most 32', () => {
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`s${index}`, '/x']));
    expect(faultsOf(many)).toEqual(['secrets: Cannot use 33 secrets']);
  });
});
