import type { FastifyInstance } from 'fastify';
import { parseImageCpu } from '../../core/arch.ts';
import { type Digest, parseDigest } from '../../core/artefact.ts';
import { published } from '../../core/catalogue.ts';
import { parseChannelName, parseImageName } from '../../core/image.ts';
import { type Release, releaseText } from '../../core/release.ts';
import type { CatalogueStore } from '../../ports/catalogue-store.ts';
import type { SnapshotSource } from '../../ports/snapshot.ts';
import { sendText } from '../serving/send-reply.ts';
import type { ArtefactServing } from '../serving/serve-artefact.ts';
import { replyWithArtefact } from './artefacts.ts';

/** What serving images by name needs. */
export interface ImageServing extends ArtefactServing {
  readonly snapshots: SnapshotSource;
  readonly catalogue: Pick<CatalogueStore, 'release'>;
}

type Params = { image: string; version: string; file: string };
type Query = { arch?: string };

/** What a channel points to changes: caches ask whether it still has that entity tag. */
const ASK_AGAIN = 'no-cache';

/**
 * `GET|HEAD /images/<image>/<channel or release digest>/<file>`: names for people and foreign boot loaders, with the
 * bytes of the artefact and no redirect, which some firmware does not follow. Files: `kernel`, `initramfs`,
 * `layer-0`… of a bootable image, what its outputs are called, and `release.json`. `?arch=` chooses where a channel has
 * releases for several architectures.
 */
export function imageRoutes(serving: ImageServing): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.route<{ Params: Params; Querystring: Query }>({
      method: ['GET', 'HEAD'],
      url: '/images/:image/:version/:file',
      handler: async (request, reply) => {
        const { file } = request.params;
        const release = await findRelease({ ...request.params, arch: request.query.arch }, serving);
        if (release === undefined) return sendText(reply, 404, 'Not found');
        if (file === 'release.json') {
          return reply.header('Cache-Control', ASK_AGAIN).type('application/json').send(releaseText(release));
        }
        const digest = fileOf(release, file);
        if (digest === undefined) return sendText(reply, 404, 'Not found');
        return replyWithArtefact(serving, { request, reply }, { digest, cacheControl: ASK_AGAIN });
      },
    });
  };
}

async function findRelease(
  params: Params & { readonly arch: unknown },
  serving: ImageServing,
): Promise<Release | undefined> {
  const image = parseImageName(params.image);
  if (image === undefined) return undefined;
  const digest = parseDigest(params.version);
  if (digest !== undefined) {
    const release = await serving.catalogue.release(digest);
    return release?.image === image ? release : undefined;
  }
  const channel = parseChannelName(params.version);
  if (channel === undefined) return undefined;
  const architecture = typeof params.arch === 'string' ? parseImageCpu(params.arch) : undefined;
  if (params.arch !== undefined && architecture === undefined) return undefined;
  const { catalogue } = await serving.snapshots.current();
  return published(catalogue, { image, channel, architecture })?.release;
}

function fileOf(release: Release, name: string): Digest | undefined {
  const layer = /^layer-([0-9]{1,3})$/.exec(name)?.[1];
  if (layer !== undefined) return release.layers[Number(layer)]?.digest;
  if (release.output === 'netboot' && name === 'kernel') return release.kernel.digest;
  if (release.output === 'netboot' && name === 'initramfs') return release.initramfs.digest;
  return release.files.find((file) => file.name === name)?.digest;
}
