import type { Site } from '../config/site.ts';
import { AppError } from '../core/errors.ts';
import { type ImageName, parseImageName } from '../core/image.ts';

/** The image of this name in the site's tree; fails with `not-found` and the names there are. */
export function requireImage(text: string, site: Site): ImageName {
  const name = parseImageName(text);
  if (name !== undefined && site.images.some((image) => image.name === name)) return name;
  const known = site.images.map((image) => image.name).join(', ');
  throw new AppError('not-found', `Cannot find image "${text}"`, { remedy: `Known images: ${known}` });
}
