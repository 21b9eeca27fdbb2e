declare const SCOVILLE_VERSION: string | undefined;

/** The version that the bundler put in from package.json; `0.0.0-source` when run unbundled. */
export const VERSION = typeof SCOVILLE_VERSION === 'string' ? SCOVILLE_VERSION : '0.0.0-source';
