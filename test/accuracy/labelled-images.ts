import { ARCHETYPES_LABELLED } from './labelled/archetypes.ts';
import { ATTESTED_LABELLED } from './labelled/attested.ts';
import { BASES_LABELLED } from './labelled/bases.ts';
import { DOWNLOADS_LABELLED, PINS_LABELLED } from './labelled/dockerfiles.ts';
import { LISTED_LABELLED } from './labelled/sboms-and-profiles.ts';
import { SECRETS_LABELLED } from './labelled/secrets-and-config.ts';
import { SHELLS_LABELLED } from './labelled/shells.ts';
import { TIMES_LABELLED } from './labelled/times-and-scans.ts';
import { TOOLING_LABELLED } from './labelled/tooling.ts';
import { USERS_LABELLED } from './labelled/users-and-files.ts';
import type { Labelled } from './starting-points.ts';

/** Every labelled image, by theme. */
export const LABELLED_IMAGES: Readonly<Record<string, readonly Labelled[]>> = {
  archetypes: ARCHETYPES_LABELLED,
  shells: SHELLS_LABELLED,
  'tools and package managers': TOOLING_LABELLED,
  bases: BASES_LABELLED,
  'users and files': USERS_LABELLED,
  'secrets, configuration, annotations': SECRETS_LABELLED,
  downloads: DOWNLOADS_LABELLED,
  pins: PINS_LABELLED,
  'signatures and provenance': ATTESTED_LABELLED,
  'SBOMs and profiles': LISTED_LABELLED,
  'age, repeated builds, vulnerabilities': TIMES_LABELLED,
};
