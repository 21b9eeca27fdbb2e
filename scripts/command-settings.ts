const OF_GRADING = [
  'trust',
  'gate',
  'recentDays',
  'registries',
  'scanner',
  'osv',
  'databaseDays',
  'offline',
  'vex',
] as const;
const OF_IMAGES = [
  'image',
  'secrets',
  'sign',
  'attest',
  'reproducible',
  'lock',
  'hermetic',
] as const;

const OF_VERIFYING = [
  ...['trust.keys', 'trust.identities', 'trust.trustedRoot', 'sign.key', 'gate.minLevel'],
  ...['registries', 'offline'],
];

/** The settings that each command reads: a key, or a group of them. */
export const SETTINGS_OF: Readonly<Record<string, readonly string[]>> = {
  build: [...OF_IMAGES, ...OF_GRADING, 'fix', 'ui'],
  bake: [...OF_IMAGES, ...OF_GRADING],
  grade: OF_GRADING,
  lint: ['secrets', 'trust.images', 'recentDays'],
  fix: ['secrets', 'trust.images', 'recentDays', 'registries', 'offline', 'fix'],
  reproduce: ['image', 'reproducible', 'sign.key', 'trust.keys', 'registries', 'lock', 'hermetic'],
  lock: ['image', 'reproducible', 'registries', 'hermetic'],
  diff: ['registries'],
  verify: OF_VERIFYING,
  policy: OF_VERIFYING,
  push: ['registries'],
  mirror: ['registries'],
  vex: ['sign', ...OF_GRADING],
  db: ['osv.exports', 'offline', 'databaseDays'],
  doctor: ['sign'],
};
