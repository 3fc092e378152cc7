/** The client of the package "dhcp", as far as it is used. */
declare module 'dhcp' {
  interface Client {
    on(
      event: 'message',
      take: (message: { readonly options: Readonly<Record<number, number>> }) => void,
    ): void;
    on(event: 'bound', take: (state: unknown) => void): void;
    listen(port: undefined, address: undefined, listening: () => void): void;
    sendDiscover(): void;
    close(): void;
  }
  const dhcp: { createClient(options: { readonly mac: string }): Client };
  export default dhcp;
}

/** The client of the package "tftp2", as far as it is used. */
declare module 'tftp2' {
  export default function tftp(
    host: string,
    port: number,
  ): {
    read(name: string, take: (chunk: Uint8Array) => void, done: () => void): Promise<void>;
    close(): void;
  };
}
