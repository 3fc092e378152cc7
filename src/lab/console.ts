/** What a virtual host was seen doing on its serial console. */
export type Sighting =
  /** The firmware's network boot, or the boot loader it fetched. */
  | { readonly kind: 'network-boot'; readonly text: string }
  | { readonly kind: 'kernel'; readonly text: string }
  /** A line of the live root, without its `bivouac: `. */
  | { readonly kind: 'live-root'; readonly text: string }
  | { readonly kind: 'panic'; readonly text: string }
  | { readonly kind: 'login'; readonly host: string };

/** What has come of a line that is not complete yet. */
export interface ConsoleState {
  readonly line: string;
  /** Whether the incomplete line was seen already: a login prompt has no end of line. */
  readonly seen: boolean;
}

/** A console that has said nothing yet. */
export const QUIET_CONSOLE: ConsoleState = { line: '', seen: false };

// A console is text of the guest, so what is kept of it is bounded.
const LONGEST_LINE = 4096;
const LONGEST_TEXT = 300;

/** Read on: the sightings in the lines that this chunk completes, and the state to read the next chunk with. */
export function readConsole(
  state: ConsoleState,
  chunk: string,
): { readonly state: ConsoleState; readonly sightings: readonly Sighting[] } {
  // Firmware ends lines by moving the cursor, so a carriage return counts as well.
  const lines = (state.line + chunk).split(/[\r\n]+/);
  const rest = (lines.pop() ?? '').slice(-LONGEST_LINE);
  const complete = state.seen ? lines.slice(1) : lines;
  const sightings = complete.flatMap((line) => sightingIn(line));
  const continues = state.seen && lines.length === 0;
  const prompt = continues ? [] : sightingIn(rest).filter((sighting) => sighting.kind === 'login');
  return {
    state: { line: rest, seen: continues || prompt.length > 0 },
    sightings: [...sightings, ...prompt],
  };
}

function sightingIn(line: string): readonly Sighting[] {
  const text = plain(line).slice(0, LONGEST_TEXT);
  const liveRoot = /(?:^|\s)bivouac: (.+)$/.exec(text);
  if (liveRoot?.[1] !== undefined) return [{ kind: 'live-root', text: liveRoot[1] }];
  const login = /^([A-Za-z0-9.-]+) login: ?$/.exec(text);
  if (login?.[1] !== undefined) return [{ kind: 'login', host: login[1] }];
  if (/Kernel panic - not syncing/.test(text)) return [{ kind: 'panic', text }];
  if (/Linux version \d/.test(text)) return [{ kind: 'kernel', text }];
  if (/\biPXE \d|Start PXE over IPv4|Start HTTP Boot over IPv4/.test(text))
    return [{ kind: 'network-boot', text }];
  return [];
}

/** Without escape sequences and other control characters. */
function plain(line: string): string {
  return line
    .replace(/\x1b(?:\[[0-9;?=]*[@-~]|\][^\x07]*\x07|[()][0-9A-B]|[=>78DMc])/g, '')
    .replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '')
    .trim();
}
