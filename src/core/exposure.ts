/** Something in a layer that no host should share with another. */
export interface Exposure {
  readonly kind: 'private-key' | 'ssh-host-key' | 'machine-id' | 'builder-key';
  /** Absolute, inside the root. */
  readonly path: string;
}
