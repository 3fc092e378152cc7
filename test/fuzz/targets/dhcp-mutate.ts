import { below, noise, pick, type Random, replaced } from '../mutate.ts';

/** Fields of the header: where they begin, and how long they are. */
const FIELDS = [
  [0, 1],
  [1, 1],
  [2, 1],
  [3, 1],
  [4, 4],
  [8, 2],
  [10, 2],
  [12, 4],
  [16, 4],
  [20, 4],
  [24, 4],
  [28, 6],
  [44, 64],
  [108, 128],
  [236, 4],
] as const;
const ADDRESSES = [
  '00000000',
  'ffffffff',
  '7f000001',
  '00000001',
  'e0000001',
  '0a4d0001',
  '0a4d0009',
  '0a4d000b',
  '0a4d00ff',
  '0a4e0064',
  '0a4f0032',
  '0a50000c',
  'c0000209',
];
const CODES = [
  0, 12, 43, 50, 51, 52, 53, 54, 55, 57, 60, 61, 66, 67, 77, 81, 82, 93, 94, 97, 118, 175, 224, 255,
] as const;
const TEXTS = [
  '',
  'iPXE',
  'PXEClient',
  'PXEClient:Arch:00007',
  'HTTPClient:Arch:00016:UNDI:003001',
  'PXEClient:Arch:99999',
  '../../etc',
  '\0\0',
];
const OPTIONS = 240;

type Option = readonly [code: number, value: Uint8Array];

/** A DHCP message with a header field, or its options, changed in ways that mean something. */
export function mutatedDhcp(message: Uint8Array, random: Random): Uint8Array {
  if (message.length < OPTIONS) return message;
  if (random() < 0.35) return withField(message, random);
  const options = [...optionsOf(message)];
  for (let count = 1 + below(3, random); count > 0; count--) changeOptions(options, random);
  const encoded = options.flatMap(([code, value]) => [Uint8Array.of(code, value.length), value]);
  const end = random() < 0.9 ? [Uint8Array.of(255)] : [];
  return Buffer.concat([message.subarray(0, OPTIONS), ...encoded, ...end]);
}

function withField(message: Uint8Array, random: Random): Uint8Array {
  const [at, length] = pick(FIELDS, random);
  if (length === 4 && random() < 0.8)
    return replaced(message, at, Buffer.from(pick(ADDRESSES, random), 'hex'));
  if (length < 64) return replaced(message, at, noise(length, random));
  // A field full of options, or without a NUL.
  const fill = random() < 0.5 ? noise(length, random) : Buffer.alloc(length, 65);
  return replaced(message, at, replaced(fill, 0, encodedOption(anOption(random)).subarray(0, length)));
}

function changeOptions(options: Option[], random: Random): void {
  const at = below(options.length + 1, random);
  const [code = pick(CODES, random), value = new Uint8Array(0)] = options[at] ?? [];
  switch (below(6, random)) {
    case 0:
      return void options.splice(at, 1);
    case 1:
      return void options.splice(at, 0, anOption(random));
    case 2:
      return void options.splice(at, 1, [code, value.subarray(0, below(value.length + 1, random))]);
    case 3:
      return void options.splice(at, 1, [
        code,
        Buffer.concat([value, noise(below(16, random), random)]).subarray(0, 255),
      ]);
    case 4:
      return void options.splice(at, 0, [code, value]);
    default:
      return void options.splice(at, 1, [code, valueFor(random)]);
  }
}

function anOption(random: Random): Option {
  return [pick(CODES, random), valueFor(random)];
}

function valueFor(random: Random): Uint8Array {
  switch (below(5, random)) {
    case 0:
      return Buffer.from(pick(ADDRESSES, random), 'hex');
    case 1:
      return Buffer.from(pick(TEXTS, random), 'latin1');
    case 2:
      return Uint8Array.of(1 + below(9, random));
    case 3:
      return Uint8Array.of(below(256, random), below(256, random));
    default:
      return noise(below(256, random), random);
  }
}

function encodedOption([code, value]: Option): Buffer {
  return Buffer.concat([Uint8Array.of(code, value.length), value]);
}

function optionsOf(message: Uint8Array): readonly Option[] {
  const options: Option[] = [];
  let at = OPTIONS;
  while (at + 1 < message.length && message[at] !== 255) {
    const [code = 0, length = 0] = message.subarray(at, at + 2);
    if (code === 0) at++;
    else {
      options.push([code, message.subarray(at + 2, at + 2 + length)]);
      at += 2 + length;
    }
  }
  return options;
}
