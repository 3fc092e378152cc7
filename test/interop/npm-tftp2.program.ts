import { writeFileSync } from 'node:fs';
import tftp from 'tftp2';

// The client of npm's `tftp2`: fetches a file from 10.77.0.1 into another.
const [name = '', target = ''] = process.argv.slice(2);
const client = tftp('10.77.0.1', 69);
const chunks: Uint8Array[] = [];
await client.read(
  name,
  (chunk) => chunks.push(chunk),
  () => {
    writeFileSync(target, Buffer.concat(chunks));
    client.close();
  },
);
