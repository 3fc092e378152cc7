const LF = 10;
const CR = 13;
const NUL = 0;

/**
 * A file as it is sent in mode netascii: LF becomes CR LF, CR becomes CR NUL (RFC 764, as RFC 1350 section 1 has it). A
 * client of a system whose lines end in LF gets back the very octets.
 */
export function toNetascii(text: Uint8Array): Uint8Array {
  const special = text.reduce((count, octet) => count + (octet === LF || octet === CR ? 1 : 0), 0);
  const converted = new Uint8Array(text.length + special);
  let to = 0;
  for (const octet of text) {
    if (octet === LF) converted[to++] = CR;
    converted[to++] = octet;
    if (octet === CR) converted[to++] = NUL;
  }
  return converted;
}
