import type { Ipv4 } from '../core/address.ts';
import type { Host } from '../core/host.ts';
import type { ImageDefinition, ImageSettings } from '../core/image.ts';
import type { BootPolicy } from '../core/policy.ts';
import type { HostFilesSource } from '../ports/host-files.ts';
import type { AnsibleSettings } from './ansible.ts';
import type { BuildSettings } from './build-settings.ts';
import type { RecipeSettings } from './recipes.ts';
import type { TftpSettings } from './tftp.ts';
import type { WebSettings } from './web.ts';

/** Where the site's data lives; absolute paths. */
export interface SiteDirectories {
  /** State of the server: database, artefacts, secrets. */
  readonly data: string;
  /** Image tree and recipes, with `config.yml`. */
  readonly images: string;
  /** Host files. */
  readonly hosts: string;
  /** Boot script templates, initramfs module, agent. */
  readonly boot: string;
}

/** The address and the ports that the servers listen on. */
export interface ListenAddresses {
  readonly address: Ipv4;
  /** TCP port of HTTP. */
  readonly http: number;
  /** UDP port of TFTP. */
  readonly tftp: number;
  /** UDP port of DHCP. */
  readonly dhcp: number;
}

/** Everything that the files of a site say, checked as a whole. Immutable. */
export interface Site {
  /** Absolute path of `bivouac.yml`. */
  readonly file: string;
  readonly directories: SiteDirectories;
  readonly listen: ListenAddresses;
  readonly web: WebSettings;
  readonly tftp: TftpSettings;
  readonly build: BuildSettings;
  readonly policy: BootPolicy;
  readonly ansible: AnsibleSettings;
  readonly recipes: RecipeSettings;
  readonly images: readonly ImageDefinition[];
  /** What holds for all images. */
  readonly imageSettings: ImageSettings;
  /** Hosts declared in files; those registered over the API are kept in the database. */
  readonly hosts: readonly Host[];
  readonly hostFiles: HostFilesSource;
}
