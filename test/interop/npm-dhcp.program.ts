import dhcp from 'dhcp';

// The client of npm's `dhcp`. Its first REQUEST names no address, so it asks twice; prints what it is bound to.
const client = dhcp.createClient({ mac: process.argv[2] ?? '' });
let offers = 0;
client.on('message', ({ options }) => {
  if (options[53] === 2 && ++offers === 1) setImmediate(() => client.sendDiscover());
});
client.on('bound', (state) => {
  console.log(JSON.stringify(state));
  client.close();
});
client.listen(undefined, undefined, () => client.sendDiscover());
