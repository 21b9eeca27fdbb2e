import { tableRows } from '../../fakes/table.ts';
import type { GivenDockerfile, Recipe } from '../made-image.ts';
import { dockerfileOf, type Expected, labelled, type Labelled, PIN } from '../starting-points.ts';

const FINAL = `FROM gcr.io/distroless/base-debian12@${PIN}\n`;
const NO_DOWNLOAD = { 'verified-downloads': 'not-applicable' } as const;
const NO_INSTALL = { 'pinned-packages': 'not-applicable' } as const;

/** What stands around the lines of a row, and what that changes. */
const FRAMES = {
  downloads: (lines: string): [string, Expected] => [
    `FROM golang:1.24@${PIN} AS build\n${lines}\n${FINAL}COPY --from=build /server /app/server\n`,
    NO_INSTALL,
  ],
  installs: (lines: string): [string, Expected] => [
    `FROM debian@${PIN} AS build\n${lines}\n${FINAL}COPY --from=build /x /x\n`,
    NO_DOWNLOAD,
  ],
  images: (lines: string): [string, Expected] => [lines, { ...NO_DOWNLOAD, ...NO_INSTALL }],
};

function labelledBy(...frames: readonly (keyof typeof FRAMES)[]): readonly Labelled[] {
  return tableRows('test/accuracy/labelled/dockerfiles.tsv').flatMap(
    ([frame = '', name = '', lines = '', differing = '', given = '{}']) => {
      const kind = frames.find((one) => one === frame);
      if (kind === undefined) return [];
      const [text, usual] = FRAMES[kind](dockerfileOf(lines));
      const { declared, ...more } = JSON.parse(given.replaceAll('@PIN', PIN)) as Partial<
        GivenDockerfile & Pick<Recipe, 'declared'>
      >;
      const differs = Object.fromEntries(
        differing
          .split(', ')
          .filter(Boolean)
          .map((words) => words.split(' ')),
      ) as Expected;
      const parts = { dockerfile: { text, ...more }, ...(declared && { declared }) };
      return labelled(name, 'hardened', parts, { ...usual, ...differs });
    },
  );
}

/** Downloads of a build: how each is verified, seems to be, or is none. */
export const DOWNLOADS_LABELLED = labelledBy('downloads');
/** Versions of packages and digests of images: held, seemingly held, and free to move. */
export const PINS_LABELLED = labelledBy('installs', 'images');
