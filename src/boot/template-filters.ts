import { NotDefined, TemplateStop } from './template-runtime.ts';

/** A filter as the engine calls it. */
export type Filter = (this: unknown, ...args: readonly unknown[]) => unknown;

/**
 * Filters that templates may use. Left out are those without a bound (`center`, `batch`, `slice`), those whose result
 * differs from time to time (`random`: conffs must not), and those for web pages (`urlize`, `striptags`, `nl2br`).
 */
const ALLOWED = [
  ...[
    'abs',
    'capitalize',
    'd',
    'default',
    'dictsort',
    'dump',
    'e',
    'escape',
    'first',
    'float',
    'groupby',
    'int',
  ],
  ...[
    'join',
    'last',
    'length',
    'list',
    'lower',
    'reject',
    'rejectattr',
    'reverse',
    'round',
    'safe',
    'select',
  ],
  ...['selectattr', 'sort', 'string', 'sum', 'title', 'trim', 'truncate', 'upper', 'urlencode', 'wordcount'],
];

const TAKES_UNDEFINED = new Set(['d', 'default']);
const MAX_TEXT = 1024 * 1024;
const MAX_RANGE = 10_000;

/** The filters of the engine that are allowed, bounded, and ours in place of those that could not be. */
export function boundedFilters(engine: ReadonlyMap<string, Filter>): ReadonlyMap<string, Filter> {
  const filters = new Map<string, Filter>();
  for (const name of ALLOWED) {
    const filter = engine.get(name);
    if (filter !== undefined) filters.set(name, bounded(name, filter));
  }
  filters.set('replace', bounded('replace', replace));
  filters.set('indent', bounded('indent', indent));
  return filters;
}

/** The engine's `range`, for at most 10 000 numbers. */
export function boundedRange(from: unknown, to?: unknown, by: unknown = 1): readonly number[] {
  const [start, stop] = to === undefined ? [0, Number(from)] : [Number(from), Number(to)];
  const step = Number(by);
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (!(count <= MAX_RANGE)) throw new TemplateStop(`"range" gives at most ${MAX_RANGE} numbers`);
  return Array.from({ length: count }, (_, index) => start + index * step);
}

function bounded(name: string, filter: Filter): Filter {
  return function (...args) {
    // The engine's filters make an empty text of what is not defined, and so would hide a missing variable.
    if (args[0] === undefined && !TAKES_UNDEFINED.has(name)) throw new NotDefined();
    for (const arg of args) mustFit(typeof arg === 'string' ? arg.length : 0);
    return Reflect.apply(filter, this, args);
  };
}

function replace(value: unknown, old: unknown, by: unknown): string {
  const parts = String(value).split(String(old));
  mustFit(String(value).length + parts.length * String(by).length);
  return parts.join(String(by));
}

/** Lines after the first one begin with `width` more spaces, and the first one too if `first` is true. */
function indent(value: unknown, width: unknown = 4, first: unknown = false): string {
  const spaces = ' '.repeat(Math.min(Math.max(0, Number(width) || 0), 100));
  const lines = String(value).split('\n');
  mustFit(String(value).length + lines.length * spaces.length);
  return lines.map((line, index) => (index > 0 || first === true ? `${spaces}${line}` : line)).join('\n');
}

function mustFit(length: number): void {
  if (length > MAX_TEXT) throw new TemplateStop(`a filter takes at most ${MAX_TEXT} characters`);
}
