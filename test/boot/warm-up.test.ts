import { expect, it } from 'vitest';
import { warmUp } from '../../src/boot/warm-up.ts';
import { NBP_IMAGE } from '../../src/core/catalogue.ts';
import { aCatalogue, anNbpRelease, aPublication, aSnapshot } from '../builders.ts';

const snapshot = aSnapshot({
  catalogue: aCatalogue([aPublication({ image: NBP_IMAGE, release: anNbpRelease() })]),
});

it('lets every made-up host take its lease, and leaves the site as it is', async () => {
  const before = structuredClone(snapshot.policy);
  expect(await warmUp(snapshot, { exchanges: 300 })).toBe(300);
  expect(snapshot.policy).toEqual(before);
});

it('ends at once when the server stops, and where there is nothing to boot', async () => {
  expect(await warmUp(snapshot, { isOver: () => true })).toBe(0);
  expect(await warmUp(aSnapshot({ catalogue: aCatalogue([]) }))).toBe(0);
});
