import { MAX_LAYER_ENTRIES } from '../../core/host-layer.ts';
import { readTar } from '../../wire/read-tar.ts';
import type { SecretNeedles } from '../secret-scan.ts';
import type { PackedLayer } from './pack-upper.ts';

/** Fails with the path of the first entry of a host's layer that holds a secret. */
export function refuseSecrets({ archive }: Pick<PackedLayer, 'archive'>, needles: SecretNeedles): void {
  for (const entry of readTar(archive, { entries: MAX_LAYER_ENTRIES })) {
    const content = entry.kind === 'file' ? entry.content : new Uint8Array();
    const target = 'target' in entry ? entry.target : '';
    needles.refuseEntry(entry.path, [content, Buffer.from(target)]);
  }
}
