import type { KillPoint, PortCall } from './kill-points.ts';
import type { KillSite } from './kill-site.ts';

/** In the middle of a call that takes this long something else can be broken than before it. */
const LONG_MILLISECONDS = 40;

/** Before each call, and in the middle of each long one. */
export function pointsOf(calls: readonly PortCall[]): readonly KillPoint[] {
  return calls.flatMap(({ milliseconds }, call) => [
    { call, after: 0 },
    ...(milliseconds < LONG_MILLISECONDS ? [] : [{ call, after: Math.round(milliseconds / 2) }]),
  ]);
}

/** The n-th call of a name, negative from the end; throws when the build made no such call. */
export function pointAt(calls: readonly PortCall[], name: string, nth: number): KillPoint {
  const found = calls.flatMap((one, call) =>
    one.name === name ? [{ call, after: Math.round(one.milliseconds / 2) }] : [],
  );
  const point = found.at(nth);
  if (point === undefined) throw new Error(`The build made no call ${nth} of ${name}`);
  return point;
}

/** Change the image, kill its build there, build it again; what was wrong meanwhile and afterwards. */
export async function killAt(site: KillSite, point: KillPoint): Promise<readonly string[]> {
  const before = await site.current();
  site.change();
  await site.buildUntil(point);
  const between = await site.current();
  const wrong = [...(await site.faults())].map((fault) => `after the kill: ${fault}`);
  await site.bivouac('build', 'demo').catch((error: unknown) => wrong.push(`next build: ${String(error)}`));
  const now = await site.current();
  if (now === before) wrong.push('the next build published nothing');
  if (between !== before && between !== now)
    wrong.push(`a release was published that nobody asked for: ${between}`);
  await site.bivouac('release', 'verify', 'demo').catch((error: unknown) => wrong.push(String(error)));
  wrong.push(...(await site.faults()), ...(await site.leftovers()).map((left) => `left: ${left}`));
  return wrong.map((fault) => `killed at call ${point.call} + ${point.after} ms: ${fault}`);
}
