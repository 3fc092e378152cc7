/**
 * A pattern as a regular expression for a whole name or path: `*` is any part of one name, `?` one character of it,
 * `[a-z]` one of these, `**` any number of folders.
 */
export function globExpression(pattern: string): RegExp {
  let source = '';
  for (let at = 0; at < pattern.length; ) {
    const part = /\*\*\/|\*\*|\*|\[[!^]?\]?[^\]/]*\]|./su.exec(pattern.slice(at))?.[0] ?? '';
    source += expressionOf(part);
    at += Math.max(1, part.length);
  }
  return expression(source) ?? new RegExp(`^${literal(pattern)}$`, 'su');
}

function expressionOf(part: string): string {
  if (part === '**/') return '(?:.*/)?';
  if (part === '**') return '.*';
  if (part === '*') return '[^/]*';
  if (part === '?') return '[^/]';
  if (part.length < 3 || !part.startsWith('[')) return literal(part);
  const isNot = /^\[[!^]/.test(part);
  const members = part.slice(isNot ? 2 : 1, -1).replace(/[\\^[\]]/g, '\\$&');
  return `(?!/)[${isNot ? '^' : ''}${members}]`;
}

/** Undefined for a set whose range runs backwards. */
function expression(source: string): RegExp | undefined {
  try {
    return new RegExp(`^${source}$`, 'su');
  } catch {
    return undefined;
  }
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
