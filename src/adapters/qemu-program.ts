/** The emulator of amd64 hosts. */
export const QEMU = 'qemu-system-x86_64';
