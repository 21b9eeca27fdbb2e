import { TOOLS } from './tool-names.ts';
import { compareVersions } from './version.ts';

/** The releases that everything was tried on, and what has changed between releases before. */
interface Known {
  readonly oldest: string;
  readonly newest: string;
  /** What an older one may not do, or do otherwise. */
  readonly older: string;
  readonly newer: string;
}

/** docs/compatibility.md says the same; `npm run test:toolchains` runs both ends of each. */
export const KNOWN_VERSIONS = {
  docker: {
    oldest: '26.1',
    newest: '28.5',
    older: 'the OCI layouts that it loads, and the images that its store keeps beside them',
    newer: 'what docker load takes, and how docker image inspect names digests',
  },
  buildx: {
    oldest: '0.13',
    newest: '0.29',
    older: 'its progress stream (--progress=rawjson), and how it names images in index.json',
    newer: 'its progress stream, its index.json and the form of its provenance',
  },
  cosign: {
    oldest: '2.5',
    newest: '3.1',
    older: 'the form of its signatures, and the flags that keep it from a transparency log',
    newer: 'the form of its signatures, and the flags that keep it from a transparency log',
  },
} as const satisfies Record<string, Known>;

export type KnownTool = keyof typeof KNOWN_VERSIONS;

/** How a version compares to known ones, and what may differ; undefined for one in their range. */
interface UnknownVersion {
  readonly is: 'older' | 'newer';
  /** For people: `docker buildx 0.36.0 is newer than 0.29, ...`. */
  readonly text: string;
}

/** Looks up a version (three numbers). Undefined counts as known: there is nothing to say. */
export function unknownVersion(
  tool: KnownTool,
  number: string | undefined,
): UnknownVersion | undefined {
  if (number === undefined) return undefined;
  const { oldest, newest, older, newer } = KNOWN_VERSIONS[tool];
  const release = number.split('.').slice(0, 2).join('.');
  const { title } = TOOLS[tool];
  if (compareVersions(release, oldest) < 0)
    return {
      is: 'older',
      text: `${title} ${number} is older than ${oldest}, the oldest that scoville was tried with; what may differ: ${older}`,
    };
  if (compareVersions(release, newest) > 0)
    return {
      is: 'newer',
      text: `${title} ${number} is newer than ${newest}, the newest that scoville was tried with; what may differ: ${newer}`,
    };
  return undefined;
}
