import { HERMETIC_MODES } from '../model/settings.ts';
import type { SettingField } from './setting-spec.ts';

/** What is kept in `scoville.lock`. */
export const LOCK_SETTINGS = {
  lock: {
    type: { kind: 'boolean' },
    scope: 'project',
    help: 'Write `scoville.lock` where there is none. One that is there is enforced either way.',
    flag: '--lock',
  },
  hermetic: {
    type: { kind: 'choice', choices: HERMETIC_MODES },
    scope: 'project',
    help: 'Record what RUNs fetch into `scoville.lock`, or replay it without a network.',
  },
} as const satisfies Readonly<Record<string, SettingField>>;
