const SOURCE = new URL('../../../src/', import.meta.url).href;

/** A program for `node -e`: writes leases into the database that its argument names, without an end, and prints the MAC of each that is on disk. */
export const LEASE_WRITER = `
  const { openDatabase } = await import('${SOURCE}adapters/sql/database.ts');
  const { SqlLeaseStore } = await import('${SOURCE}adapters/sql/lease-store.ts');
  const store = await SqlLeaseStore.load(openDatabase(process.argv[1]));
  for (let index = 0; ; index += 1) {
    const tail = index.toString(16).padStart(6, '0').match(/../g);
    const mac = ['52', '54', '00', ...tail].join(':');
    const address = '10.' + tail.map((pair) => Number.parseInt(pair, 16)).join('.');
    void store.commit({ mac, address, expiresAt: 1, state: 'bound' }, { network: '10.0.0.0', prefix: 8 }).then(() => console.log(mac));
    if (index % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
`;
