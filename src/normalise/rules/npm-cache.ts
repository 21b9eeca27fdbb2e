import { pathRule } from '../rule.ts';

export const npmCache = pathRule({
  id: 'npm-cache',
  touches: 'npm’s download cache and logs in home directories (.npm).',
  safeBecause:
    'npm downloads again what it misses; but an image that installs offline from this cache at start would no longer.',
  answers: 'npm cache',
  mode: 'aggressive',
  kind: 'drop',
  files: ['**/.npm/_cacache/**', '**/.npm/_logs/**', '**/.npm/_update-notifier-last-checked'],
});
