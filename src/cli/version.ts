declare const SCOVILLE_VERSION: string | undefined;

export const VERSION = typeof SCOVILLE_VERSION === 'string' ? SCOVILLE_VERSION : '0.0.0-source';
