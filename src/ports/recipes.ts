import type { RecipeSource } from '../core/image.ts';

/** A recipe as of one commit. */
export interface RecipeTree {
  /** Absolute path of the folder that `build.sh` is in. */
  readonly directory: string;
  /** The last commit that changed anything in that folder. */
  readonly commit: string;
  /** When that was made, in seconds since 1970. */
  readonly committedAt: number;
}

/** Recipes of other people's repositories. */
export interface Recipes {
  /**
   * A recipe as of now; of a whole commit that was fetched before, without asking anybody. Rejects with `config-invalid` where there
   * is no such revision, folder or `build.sh`.
   */
  pin(source: RecipeSource, options: { readonly signal: AbortSignal }): Promise<RecipeTree>;
}
