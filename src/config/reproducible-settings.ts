import type { SettingField, SettingType } from './setting-spec.ts';

/** What src/normalise/path-pattern.ts reads. */
const PATTERN_TEXT = /^[^\s\\][^\n\\]{0,1023}$/;
/** From 1970 on; every one of them is a time to Date.parse. */
const DAY_OR_TIME =
  /^(?:epoch|(?:19[7-9]\d|[2-9]\d{3})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ)?)$/;
/** From 1970 on, in whole seconds of UTC. */
export const TIME =
  /^(?:19[7-9]\d|[2-9]\d{3})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;
const PATTERN_EXPECTS = 'a path in the image; `*` and `**` are patterns';
const PATH_PATTERN: SettingType = {
  kind: 'string',
  pattern: PATTERN_TEXT,
  expects: PATTERN_EXPECTS,
};

/** `reproducible`: how the same input gives the same image. */
export const REPRODUCIBLE_SETTINGS: SettingField = {
  scope: 'project',
  help: 'The same input, the same image.',
  type: {
    kind: 'object',
    fields: {
      mode: {
        type: { kind: 'choice', choices: ['safe', 'aggressive', 'deterministic', 'off'] },
        help: 'Which normalizer rules are applied to the layers that the build adds.',
        flag: '--repro',
      },
      clock: {
        type: { kind: 'choice', choices: ['frozen', 'running'] },
        help: 'With deterministic: programs of a RUN see one time throughout, or a clock that each starts at that time.',
      },
      start: {
        type: {
          kind: 'string',
          pattern: TIME,
          expects: 'a time, YYYY-MM-DDThh:mm:ssZ',
        },
        help: 'With deterministic: the time that RUNs see. It must be later than what the packages of the build are signed on.',
        byDefault: 'when the first build began',
      },
      oneProcessor: {
        type: { kind: 'boolean' },
        help: 'With deterministic: each RUN uses one processor, and Node.js one thread for files.',
      },
      oneFileTime: {
        type: { kind: 'boolean' },
        help: 'With deterministic: programs see one time of all files that the build wrote; make, cargo, shells and others that compare times see the true ones.',
      },
      sortedFolders: {
        type: { kind: 'boolean' },
        help: 'With deterministic: programs read folders in the order of names.',
      },
      temporaryNames: {
        type: { kind: 'boolean' },
        help: 'With deterministic: temporary files, file systems and LTO sections are named by a count, and process ids begin at 100.',
      },
      sameAddresses: {
        type: { kind: 'boolean' },
        help: 'With deterministic: programs lie at the same addresses of memory, on x86-64.',
      },
      seed: {
        type: { kind: 'integer', minimum: 1, maximum: 2_147_483_647 },
        help: 'With deterministic: seed the random numbers of RUNs. A secret in a layer then ends the build.',
        byDefault: 'none: random numbers are random',
      },
      pin: {
        type: { kind: 'boolean' },
        help: 'Pin images from outside to the digests that they had when the build started.',
        flag: '--pin',
      },
      drop: {
        type: { kind: 'list', of: PATH_PATTERN },
        help: 'Files of the build’s own layers to leave out.',
        byDefault: 'none',
      },
      empty: {
        type: { kind: 'list', of: PATH_PATTERN },
        help: 'Files of them to keep with no content.',
        byDefault: 'none',
      },
      time: {
        type: {
          kind: 'map',
          keyPattern: PATTERN_TEXT,
          keyExpects: PATTERN_EXPECTS,
          of: {
            kind: 'string',
            pattern: DAY_OR_TIME,
            expects: '`epoch` or a time, YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ',
          },
        },
        help: 'Modification times of entries of them, by path pattern; the first that fits decides.',
        byDefault: 'none',
      },
    },
  },
};
