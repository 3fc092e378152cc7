/** Bytes or text of a client as bounded printable ASCII, for a log line or an event: everything else becomes `\xNN`. */
export function printable(input: Uint8Array | string, limit = 80): string {
  const bytes = typeof input === 'string' ? new TextEncoder().encode(input.slice(0, limit + 1)) : input;
  const shown = Array.from(bytes.subarray(0, limit), printableByte).join('');
  return bytes.length > limit ? `${shown}…` : shown;
}

function printableByte(byte: number): string {
  if (byte === 0x5c) return '\\\\';
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
