import type { CheckedRule } from '../shared/lint/rule.ts';

export const latestTag: CheckedRule = {
  id: 'latest-tag',
  title: 'Images named by a version',
  level: 'warning',
  help:
    'An outside image without a digest that has no tag, or the tag `latest`. The next build ' +
    'may use another major version. `pinned-images` asks for more: a digest. This rule also ' +
    'helps projects that leave pinning to a lock file. Stage names, `scratch` and names that ' +
    'are not constant are left alone.',
  remedy: 'Name the version, and better its digest',
  bad: 'FROM debian\n',
  good: 'FROM debian:trixie-slim\n',
  check: ({ model }) =>
    model.externalImages.flatMap(({ kind, text, reference, range }) => {
      if (reference === undefined || reference.digest !== undefined || kind === 'syntax') return [];
      if (reference.tag !== undefined && reference.tag !== 'latest') return [];
      const message = `${text} is whatever was published last`;
      return [{ range, message }];
    }),
};
