/** What a load client printed. */
export interface Load {
  /** A number by its name, a path like `dhcpProbe.p99` into objects; throws when there is none. */
  number(name: string): number;
  /** The same, for counts that are left out while they are nothing. */
  count(name: string): number;
}

/** The last object of JSON among the lines of a client, in one line or in several; throws when there is none. */
export function printedJson(text: string): Load {
  const lines = text.trimEnd().split('\n');
  const first = lines.findLastIndex((line) => line.startsWith('{'));
  const last = lines.findLastIndex((line) => line.trimEnd().endsWith('}') && !/^\s/.test(line));
  if (first < 0 || last < first) throw new Error(`The load client printed no result: ${text.slice(-500)}`);
  return loadOf(JSON.parse(lines.slice(first, last + 1).join('\n')));
}

function loadOf(value: unknown): Load {
  const at = (name: string): unknown =>
    name.split('.').reduce<unknown>((part, key) => (isRecord(part) ? part[key] : undefined), value);
  const number = (name: string): number => {
    const found = at(name);
    if (typeof found === 'number' && Number.isFinite(found)) return found;
    throw new Error(
      `The load client's result has no number "${name}": ${JSON.stringify(value).slice(0, 500)}`,
    );
  };
  return { number, count: (name) => (at(name) === undefined ? 0 : number(name)) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** What `perfdhcp` counted over both halves of its exchanges, DISCOVER to OFFER and REQUEST to ACK. */
export interface PerfdhcpCounts {
  /** Exchanges that were begun. */
  readonly begun: number;
  readonly sent: number;
  readonly received: number;
  readonly drops: number;
}

/** Read what `perfdhcp` printed; throws when that is no report. */
export function perfdhcpCounts(text: string): PerfdhcpCounts {
  const halves = (label: string): readonly [number, number] => {
    const found = [...text.matchAll(new RegExp(`^\\s*${label}: (\\d+)`, 'gm'))].map(([, count]) =>
      Number(count),
    );
    const [offers, acks] = found;
    if (offers === undefined || acks === undefined || found.length > 2)
      throw new Error(`perfdhcp printed no "${label}" for both halves: ${text.slice(-500)}`);
    return [offers, acks];
  };
  const sum = (label: string): number => halves(label)[0] + halves(label)[1];
  const [begun] = halves('sent packets');
  return { begun, sent: sum('sent packets'), received: sum('received packets'), drops: sum('drops') };
}
