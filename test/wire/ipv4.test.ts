import { expect, it } from 'vitest';
import { udpDatagram } from '../../src/wire/ipv4.ts';
import { ip } from '../builders.ts';

const FROM = { address: ip('10.77.0.1'), port: 67 };
const TO = { address: ip('10.77.0.11'), port: 68 };

/** RFC 1071: over a header with its checksum in place, the sum of all words is all ones. */
function sum(bytes: Uint8Array): number {
  const words = Buffer.from(bytes.length % 2 === 0 ? bytes : [...bytes, 0]);
  let total = 0;
  for (let at = 0; at < words.length; at += 2) total += words.readUInt16BE(at);
  while (total > 0xffff) total = (total >>> 16) + (total & 0xffff);
  return total;
}

it.each([0, 1, 2, 3, 300, 301, 1472])('RFC 791, RFC 768: headers around %i octets', (length) => {
  const payload = Uint8Array.from({ length }, (_, at) => (at * 7 + 1) & 255);
  const datagram = Buffer.from(udpDatagram(FROM, TO, payload));
  expect(datagram.length).toBe(28 + length);
  expect(sum(datagram.subarray(0, 20))).toBe(0xffff);
  const pseudoHeader = [...datagram.subarray(12, 20), 0, 17, (8 + length) >> 8, (8 + length) & 255];
  expect(sum(Buffer.from([...pseudoHeader, ...datagram.subarray(20)]))).toBe(0xffff);
  expect([...datagram.subarray(12, 24)]).toEqual([10, 77, 0, 1, 10, 77, 0, 11, 0, 67, 0, 68]);
  expect([...datagram.subarray(28)]).toEqual([...payload]);
});

it('RFC 768: a checksum of zero is sent as all ones', () => {
  const found = Array.from({ length: 65_536 }, (_, word) => Uint8Array.of(word >> 8, word & 255)).map(
    (payload) => Buffer.from(udpDatagram(FROM, TO, payload)).readUInt16BE(26),
  );
  expect(found).toContain(0xffff);
  expect(found).not.toContain(0);
});
