const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of `90s`, `30m`, `1h`, `7d`; undefined for another form. */
export function durationSeconds(value: string): number | undefined {
  const match = /^([1-9][0-9]{0,8})([smhd])$/.exec(value);
  const unit = UNIT_SECONDS[match?.[2] ?? ''];
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}
