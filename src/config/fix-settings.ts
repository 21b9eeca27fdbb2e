import type { SettingField } from './setting-spec.ts';

/** What `scoville fix` writes. */
export const FIX_SETTINGS: SettingField = {
  scope: 'project',
  type: {
    kind: 'object',
    fields: {
      distroless: {
        type: {
          kind: 'string',
          pattern: /^[a-z0-9][a-z0-9.:/_-]*[a-z0-9]$/,
          expects: 'a registry with a path, without a tag',
        },
        help: 'Where the distroless images are that a final stage is moved to: a mirror of gcr.io/distroless.',
      },
    },
  },
  help: 'What `scoville fix` writes.',
};
