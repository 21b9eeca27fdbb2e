/** Annotations and labels of our own, besides OCI's. */
export const OWN_ANNOTATION = {
  /** How the program takes its secrets, from the configuration: `none` or `by-file`. */
  secrets: 'dev.scoville.secrets',
} as const;
