/** The part of the package "dhcp" that is used: its table of options. */
declare module 'dhcp/lib/options.js' {
  const table: {
    readonly opts: Readonly<
      Record<string, { readonly name: string; readonly type?: string; readonly config?: string }>
    >;
  };
  export default table;
}
