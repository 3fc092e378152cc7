import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRecipe, readRecipe } from '../../../src/build/recipes/recipe-stage.ts';
import { parseRecipeInput, recipeDigest, recipeInput } from '../../../src/build/recipes/recipe-world.ts';
import { NO_RECIPES } from '../../fakes/playbooks.ts';

interface Told {
  readonly commit: string;
  readonly folder: string | undefined;
  readonly configurationUrl: string | undefined;
  readonly revision: string;
  readonly directory: string;
}

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

describe('the name of a recipe', () => {
  it.each([
    ['https://git.example.org/app.git', 'https://git.example.org/app.git', undefined, undefined],
    ['https://git.example.org/app.git#main', 'https://git.example.org/app.git', 'main', undefined],
    [
      'git@git.example.org:web/app.git#v1.2:deploy/web/',
      'git@git.example.org:web/app.git',
      'v1.2',
      'deploy/web',
    ],
    [
      'ssh://git@git.example.org:2222/app#feature/x',
      'ssh://git@git.example.org:2222/app',
      'feature/x',
      undefined,
    ],
    ['file:///srv/git/app.git#:sub', 'file:///srv/git/app.git', undefined, 'sub'],
    [`http://git.example.org/app.git#${COMMIT}`, 'http://git.example.org/app.git', COMMIT, undefined],
  ])('reads %s', (name, repository, revision, folder) => {
    expect(isRecipe(name)).toBe(true);
    expect(readRecipe(name)).toEqual({ source: { repository, revision, folder } });
  });

  it.each([
    ['ext::sh -c date', 'ext::sh', false],
    ['ftp://example.org/x', /no address of a repository/, true],
    ['https://', /no address/, true],
    ['https://user:secret@example.org/x', /holds no password/, true],
    ['https://token@example.org/x', /holds no password/, true],
    ['http://example.org/x#main', /unencrypted/, true],
    ['git://example.org/x', /unencrypted/, true],
    ['https://example.org/x#-x', /no branch, tag or commit/, true],
    ['https://example.org/x#a..b', /no branch, tag or commit/, true],
    ['https://example.org/x#main:../up', /no folder inside/, true],
    ['https://example.org/x#main:/etc', /no folder inside/, true],
    ['https://example.org/x#main:a//b', /no folder inside/, true],
    ['https://example.org/x#main:.git/hooks', /no folder inside/, true],
    ['git@example.org:-x', /no address/, true],
  ])('refuses %s', (name, reason, isAddress) => {
    expect(isRecipe(name)).toBe(isAddress);
    if (isAddress) expect(readRecipe(name)).toMatchObject({ fault: expect.stringMatching(reason) as string });
  });

  it('is no path and no playbook', () => {
    for (const name of ['web/app.sh', 'files', 'main@site.yml', 'a/b@c.yml'])
      expect(isRecipe(name)).toBe(false);
  });

  it('stands for itself among inputs', () => {
    const text = fc.option(fc.string({ minLength: 1 }), { nil: undefined });
    fc.assert(
      fc.property(fc.string(), text, text, (repository, revision, folder) => {
        const source = { repository, revision, folder };
        expect(parseRecipeInput(recipeInput(source))).toEqual(source);
      }),
    );
  });

  it('changes the digest with the commit and with what the recipe is told, and with nothing else', () => {
    const source = fc.record({
      commit: fc.constantFrom(COMMIT, COMMIT.replace('0', 'f')),
      folder: fc.constantFrom(undefined, 'a', 'b'),
      configurationUrl: fc.constantFrom(undefined, 'https://one.example', 'https://two.example'),
      revision: fc.constantFrom('main', 'other'),
      directory: fc.constantFrom('/x', '/y'),
    });
    const digestOf = ({ commit, folder, configurationUrl, revision, directory }: Told) => {
      const input = recipeInput({ repository: 'https://x.example/', revision, folder });
      const trees = new Map([[input, { directory, commit, committedAt: 1 }]]);
      return recipeDigest({ ...NO_RECIPES, configurationUrl, trees }, input);
    };
    fc.assert(
      fc.property(source, source, (a, b) => {
        const isSame =
          a.commit === b.commit && a.folder === b.folder && a.configurationUrl === b.configurationUrl;
        expect(digestOf(a) === digestOf(b)).toBe(isSame);
      }),
    );
  });
});
