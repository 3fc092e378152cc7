const SOURCE = new URL('../../../src/', import.meta.url).href;

/**
 * A program for `node -e`: writes leases into the database that its argument names, without an end, and prints the MAC of each
 * that is on disk. With a number as a second argument the log has all that was written, in many commits, however slow the disk
 * is: no commit has more leases than that, and what somebody reads keeps the log from being carried over into the database.
 */
export const LEASE_WRITER = `
  const { openDatabase } = await import('${SOURCE}adapters/sql/database.ts');
  const { SqlLeaseStore } = await import('${SOURCE}adapters/sql/lease-store.ts');
  const database = openDatabase(process.argv[1]);
  const store = await SqlLeaseStore.load(database);
  const most = Number(process.argv[2] ?? Infinity);
  const reading = database.prepare('SELECT number FROM revision').iterate();
  if (most < Infinity) reading.next();
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  let underWay = 0;
  for (let index = 0; ; index += 1) {
    const tail = index.toString(16).padStart(6, '0').match(/../g);
    const mac = ['52', '54', '00', ...tail].join(':');
    const address = '10.' + tail.map((pair) => Number.parseInt(pair, 16)).join('.');
    underWay += 1;
    void store.commit({ mac, address, expiresAt: 1, state: 'bound' }, { network: '10.0.0.0', prefix: 8 }).then(() => {
      underWay -= 1;
      console.log(mac);
    });
    if (index % 7 === 0) await turn();
    while (underWay >= most) await turn();
  }
`;
