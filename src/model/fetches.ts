import type { Digest } from './digest.ts';

/** One network answer that a build used. Secrets in addresses are masked before it is created. */
export interface Fetch {
  readonly address: string;
  /** Absent: GET. */
  readonly method?: string;
  /** Digest of what else decides the answer: body, range, accepted types. Absent without these. */
  readonly request?: Digest;
  /** Absent: 200. */
  readonly status?: number;
  /** Those that a program goes by, in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the body as it was sent, compressed where it was. */
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/** In bytes, of all that one build fetched. */
export const MOST_FETCHED_BYTES = 32 * 1024 ** 3;

/** What each stage's RUNs fetched, by stage name or `stage-N`, in the order they asked for it. */
export type Fetches = ReadonlyMap<string, readonly Fetch[]>;

/** By stage, in words with their line, what RUNs may have had of a network past the recording. */
export type Incomplete = ReadonlyMap<string, readonly string[]>;

/** What RUNs fetched, and where it is not known to be all. */
export interface Recording {
  readonly fetches: Fetches;
  readonly incomplete: Incomplete;
}

/** By lock file, what builds that are made together recorded, and the Dockerfile that it is of. */
export type SharedRecordings = Map<
  string,
  { readonly dockerfile: string | undefined; readonly recording: Recording }
>;

/** A request as a person reads it. */
export function requestText({
  method = 'GET',
  address,
}: Pick<Fetch, 'method' | 'address'>): string {
  return `${method} ${address}`;
}
