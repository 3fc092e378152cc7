/**
 * The request target in the one form that routes are written in. Absolute form is legal (RFC 9112 section 3.2.2);
 * UEFI firmware joins URLs as `//x` and `/./x` and does not follow a redirect. The query stays as it is.
 */
export function normaliseTarget(target: string): string {
  // Nearly all are.
  if (target.startsWith('/') && !target.includes('//') && !target.includes('/.')) return target;
  const origin = target.replace(/^https?:\/\/[^/?]*/i, '');
  const split = origin.indexOf('?');
  const path = split === -1 ? origin : origin.slice(0, split);
  const query = split === -1 ? '' : origin.slice(split);
  if (path === '*') return target;
  const clean = path.replace(/\/(?:\.?\/)+/g, '/').replace(/\/\.$/, '/');
  return `${clean.startsWith('/') ? '' : '/'}${clean}${query}`;
}
