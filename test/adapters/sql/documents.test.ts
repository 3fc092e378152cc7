import { expect, test } from 'vitest';
import { parseReleaseDocument } from '../../../src/adapters/sql/documents.ts';
import { canonicalJson, releaseText } from '../../../src/core/release.ts';
import { anNbpRelease, aRelease, digest } from '../../builders.ts';

test('a release of the first version is read with what it lacks, and keeps its text and so its digest', () => {
  const { files, ...nbp } = anNbpRelease();
  const files1 = files.map(({ name, digest, size }) => ({ name, digest, size }));
  const { files: _none, ...netboot } = aRelease();
  for (const document of [
    { ...nbp, schema: 1, files: files1 },
    { ...netboot, schema: 1 },
  ]) {
    const text = canonicalJson(document);
    const release = parseReleaseDocument(text, digest('a'));
    expect(release.files.every((file) => file.kind === 'files')).toBe(true);
    expect(releaseText(release)).toBe(text);
  }
});

test('a release that cannot be read is named, with what to do about it', () => {
  const damaged = digest('b');
  for (const text of ['', '{"schema":2', 'null', '7']) {
    expect(() => parseReleaseDocument(text, damaged), text).toThrow(
      expect.objectContaining({
        code: 'integrity',
        message: expect.stringContaining(`Cannot read release "${damaged}" from the database`),
        remedy: expect.stringContaining('backup'),
      }),
    );
  }
});
