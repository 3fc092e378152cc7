import { describe, expect, it } from 'vitest';
import { ConffsShelf } from '../../src/boot/conffs-shelf.ts';
import { sha256 } from '../../src/boot/grant.ts';
import type { Conffs } from '../../src/boot/host-config.ts';

function key(name: string, expiresAt = 1000) {
  return { tokenHash: sha256(Buffer.from(name)), expiresAt };
}

function conffs(text: string): Conffs {
  const bytes = Buffer.from(text);
  return { bytes, digest: sha256(bytes) };
}

function renderer(text: string): () => Promise<Conffs> {
  return async () => conffs(text);
}

describe('the shelf of conffs', () => {
  it('renders once for requests at the same time', async () => {
    const shelf = new ConffsShelf();
    let rendered = 0;
    const render = async (): Promise<Conffs> => conffs(`${++rendered}`);
    await Promise.all(Array.from({ length: 10 }, () => shelf.promise(key('a'), 0, render)));
    expect(await shelf.redeem(key('a'), 0, render)).toEqual(conffs('1'));
    expect(rendered).toBe(1);
  });

  it('tries again after a failure', async () => {
    const shelf = new ConffsShelf();
    await expect(shelf.promise(key('a'), 0, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await shelf.redeem(key('a'), 0, renderer('x'))).toEqual(conffs('x'));
  });

  it('renders what had to go again, and gives it only if it is what was promised', async () => {
    const shelf = new ConffsShelf({ bytes: 10, entries: 100 });
    await shelf.promise(key('a'), 0, renderer('12345678'));
    await shelf.promise(key('b'), 0, renderer('12345678'));
    expect(await shelf.redeem(key('b'), 0, renderer('edited'))).toEqual(conffs('12345678'));
    expect(await shelf.redeem(key('a'), 0, renderer('edited'))).toBeUndefined();
    expect(await shelf.redeem(key('a'), 0, renderer('edited'))).toBeUndefined();
    // A new manifest promises anew.
    expect(await shelf.promise(key('a'), 0, renderer('edited'))).toEqual(conffs('edited'));
    expect(await shelf.redeem(key('a'), 0, renderer('edited'))).toEqual(conffs('edited'));
  });

  it('forgets what has expired, and the oldest when there are too many', async () => {
    const shelf = new ConffsShelf({ bytes: 1000, entries: 3 });
    for (const name of ['a', 'b', 'c']) await shelf.promise(key(name), 0, renderer(name));
    expect(await shelf.redeem(key('c'), 0, renderer('other'))).toEqual(conffs('c'));
    await shelf.promise(key('d'), 0, renderer('d'));
    expect(await shelf.redeem(key('d'), 0, renderer('other'))).toEqual(conffs('d'));
    expect(await shelf.redeem(key('a'), 0, renderer('other'))).toEqual(conffs('other'));
    expect(await shelf.redeem(key('d'), 1000, renderer('late'))).toEqual(conffs('late'));
  });
});
