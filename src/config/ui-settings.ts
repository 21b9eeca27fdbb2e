import type { SettingField } from './setting-spec.ts';

/** `ui`: what a terminal is shown and asked. */
export const UI_SETTINGS: SettingField = {
  scope: 'project',
  type: {
    kind: 'object',
    fields: {
      after: {
        type: { kind: 'choice', choices: ['end', 'review'] },
        help: 'After a build that was typed at a prompt: `end`, or `review` findings and edits on a screen, as `--review` does.',
      },
    },
  },
  help: 'What is shown and asked in a terminal.',
};
