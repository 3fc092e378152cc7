/** One SSH host key pair in OpenSSH's file formats. */
export interface SshKeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** The kinds of host key that a host gets. */
export const SSH_KEY_TYPES = ['ed25519', 'ecdsa', 'rsa'] as const;

/** A kind of host key. */
export type SshKeyType = (typeof SSH_KEY_TYPES)[number];

/** Makes key pairs with the system's own tool. */
export interface KeyMaker {
  sshHostKey(type: SshKeyType, comment: string): Promise<SshKeyPair>;
}
