/** Where a profile comes from, as its first comment says it. */
interface ProfileOrigin {
  /** Digest of the image that was traced. */
  readonly image: string;
  /** `linux/amd64`. */
  readonly platform: string;
  /** RFC 3339. */
  readonly when: string;
  readonly exercises: readonly string[];
  /** How the container was run, in words. */
  readonly confinement: string;
}

const LONGEST = 2000;

/** The comment of the calls that were seen. */
export function profileComment(origin: ProfileOrigin): string {
  const { image, platform, when, exercises, confinement } = origin;
  const by = exercises.length === 0 ? 'its start alone' : exercises.join(', ');
  return `scoville profile ${image}; ${platform}; ${when}; run ${confinement}; exercised by ${by}`.slice(
    0,
    LONGEST,
  );
}

/** The image and the time that a comment of ours names; undefined where it is none. */
export function originOf(
  comment: string,
): { readonly image: string; readonly when: string } | undefined {
  const [, image, when] =
    /^scoville profile (sha256:[0-9a-f]{64}); [^;]{1,64}; (\d{4}-\d\d-\d\dT[\d:.]{8,12}Z);/.exec(
      comment,
    ) ?? [];
  return image === undefined || when === undefined ? undefined : { image, when };
}
