import type { SettingField } from './setting-spec.ts';

/** `ui`: what a terminal is shown and asked. */
export const UI_SETTINGS: SettingField = {
  type: {
    kind: 'object',
    fields: {
      after: {
        type: { kind: 'choice', choices: ['ask', 'end'] },
        help: 'After a build that was typed at a prompt: `ask` for ten seconds whether to look at findings and suggestions, or `end` at once.',
      },
    },
  },
  help: 'What is shown and asked in a terminal.',
};
