import { pathRule } from '../rule.ts';

export const pipCache = pathRule({
  id: 'pip-cache',
  touches: 'pip’s and uv’s download caches in home directories (.cache/pip, .cache/uv).',
  safeBecause:
    'They download again what they miss; but an image that installs offline from this cache at start would no longer.',
  answers: 'pip cache',
  mode: 'aggressive',
  kind: 'drop',
  files: ['**/.cache/pip/**', '**/.cache/uv/**'],
});
