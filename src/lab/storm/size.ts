const UNITS: Readonly<Record<string, number>> = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** A number of bytes such as `65536`, `500KiB` or `2MiB`; undefined when it is none. */
export function parseSize(text: string): number | undefined {
  const match = /^([0-9]{1,9})(KiB|MiB|GiB)?$/.exec(text);
  const unit = UNITS[match?.[2] ?? ''];
  return match?.[1] === undefined || unit === undefined ? undefined : Number(match[1]) * unit;
}
