import { type GivenParts, givenRows, partsOf } from './given-images.ts';
import { DOWNLOADS_LABELLED, PINS_LABELLED } from './labelled/dockerfiles.ts';
import { type Answers, expectedOf, labelled, type Labelled, STARTS } from './starting-points.ts';

/** By the outcomes, criteria whose answer is another than that on the image it begins as. */
interface GivenImage extends GivenParts, Answers {
  readonly name: string;
  readonly start?: keyof typeof STARTS;
}

function theme(file: string): readonly Labelled[] {
  return (givenRows(`labelled/${file}.yaml`) as readonly GivenImage[]).map(
    ({ name, start = 'hardened', pass, fail, unknown, 'not-applicable': none, ...parts }) => {
      const differs = expectedOf({ pass, fail, unknown, 'not-applicable': none });
      return labelled(name, start, partsOf(parts, STARTS[start].recipe), differs);
    },
  );
}

/** Every labelled image, by theme. */
export const LABELLED_IMAGES: Readonly<Record<string, readonly Labelled[]>> = {
  archetypes: theme('archetypes'),
  shells: theme('shells'),
  'tools and package managers': theme('tooling'),
  bases: theme('bases'),
  'users and files': theme('users-and-files'),
  'secrets, configuration, annotations': theme('secrets-and-config'),
  downloads: DOWNLOADS_LABELLED,
  pins: PINS_LABELLED,
  'signatures and provenance': theme('attested'),
  'SBOMs and profiles': theme('sboms-and-profiles'),
  'age, repeated builds, vulnerabilities': theme('times-and-scans'),
  'images that no Dockerfile made': theme('without-dockerfile'),
};
