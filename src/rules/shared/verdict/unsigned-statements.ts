/** What a statement that nobody is known to have signed may do for a criterion. */
interface UnsignedRule {
  /** It may earn the point; otherwise the answer is unknown. */
  readonly earns: boolean;
  /** The statement, and what of the image it has to fit; or why it earns nothing. */
  readonly reason: string;
}

const BY_DOCKERFILE: UnsignedRule = {
  earns: true,
  reason: 'the Dockerfile in the provenance; its base and its steps must be those of the image',
};

/**
 * The criteria that an unsigned statement, or the image's own word, can speak to. A criterion that
 * is not listed takes no such word: a pass by an unverified attestation becomes unknown.
 */
export const UNSIGNED_RULES: Readonly<Record<string, UnsignedRule>> = {
  'minimal-base': {
    earns: true,
    reason:
      'provenance or annotation names the base; os-release and the number of packages must agree',
  },
  'trusted-source': BY_DOCKERFILE,
  'verified-downloads': BY_DOCKERFILE,
  'pinned-images': BY_DOCKERFILE,
  'pinned-packages': BY_DOCKERFILE,
  'recently-updated': {
    earns: true,
    reason:
      '`created`, unless that is the stated SOURCE_DATE_EPOCH; a finish time that nobody signed only makes it older',
  },
  provenance: {
    earns: true,
    reason: 'the statement itself; Dockerfile and finish time in it must fit the image',
  },
  sbom: {
    earns: true,
    reason:
      'the statement itself; it must name the packages of the image, and no OS packages that the image lacks',
  },
  'secrets-by-file': {
    earns: true,
    reason: 'the annotation `dev.scoville.secrets`; what the configuration shows goes before it',
  },
  'security-profile': {
    earns: false,
    reason: 'anyone who may push can attach a profile, and nothing in the image bears it out',
  },
  signed: { earns: false, reason: 'a signature that is not verified shows nothing' },
  reproducible: { earns: false, reason: 'a second build that nobody vouches for shows nothing' },
  'no-critical': { earns: false, reason: 'unsigned VEX sets nothing aside' },
  'no-high': { earns: false, reason: 'unsigned VEX sets nothing aside' },
  'no-medium': { earns: false, reason: 'unsigned VEX sets nothing aside' },
  'no-known-cves': { earns: false, reason: 'unsigned VEX sets nothing aside' },
};
