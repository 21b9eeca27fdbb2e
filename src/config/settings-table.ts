import { SCANNER_CHOICES, HERMETIC_MODES } from '../model/settings.ts';
import { IMAGE_SETTINGS, URL_TEXT } from './image-settings.ts';
import { REPRODUCIBLE_SETTINGS } from './reproducible-settings.ts';
import {
  TEXT,
  BOOLEAN,
  type SettingField,
  type SettingScope,
  type SettingType,
  settingLeaves,
} from './setting-spec.ts';
import { SIGN_SETTINGS, TRUST_SETTINGS } from './sign-settings.ts';

const HOST: SettingType = {
  kind: 'string',
  pattern: /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/,
  expects: 'a host in small letters, without a port',
};

/** How registries are reached: a project could turn TLS off, so its file never says it. */
const REGISTRY_SETTINGS: SettingField = {
  scope: 'person',
  type: {
    kind: 'map',
    keyPattern: /^(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/i,
    keyExpects: 'a registry host with an optional port',
    of: {
      kind: 'object',
      fields: {
        plainHttp: {
          type: { kind: 'boolean' },
          help: 'Speak HTTP without TLS to it. Loopback addresses need no entry.',
        },
        tokenServer: {
          type: HOST,
          help: 'Host that it may have your password sent to, where it has its token server on another domain.',
        },
      },
    },
  },
  help: 'Registries that need other treatment, by host.',
  byDefault: 'none',
  flag: '--plain-http',
};

/** What `scoville fix` writes. */
const FIX_SETTINGS: SettingField = {
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

/** What is kept in `scoville.lock`. */
const LOCK_SETTINGS = {
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

/** `ui`: what a terminal is shown and asked. */
const UI_SETTINGS: SettingField = {
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

const attest = group('What is stated about the image, signed and stored beside it.', 'project', {
  sbom: {
    type: { kind: 'list', of: { kind: 'choice', choices: ['cyclonedx', 'spdx'] } },
    help: 'Formats of the SBOM; an empty list turns it off.',
    flag: '--sbom',
  },
  provenance: { type: BOOLEAN, help: 'SLSA provenance.', flag: '--provenance' },
  verdict: { type: BOOLEAN, help: 'The grade itself, when the image is graded.' },
  seccomp: {
    type: TEXT,
    namesFile: true,
    help: 'A seccomp profile, a file beside the settings file: signed, and published for Kubernetes and CRI-O.',
    byDefault: 'none',
    flag: '--profile',
  },
  apparmor: {
    type: TEXT,
    namesFile: true,
    help: 'An AppArmor profile, likewise; published where it is in JSON.',
    byDefault: 'none',
    flag: '--profile',
  },
});

const gate = group('What an image must reach to be loaded or pushed.', 'project', {
  minLevel: {
    type: { kind: 'integer', minimum: 0, maximum: 5 },
    tightens: true,
    help: 'Lowest level that is published.',
    byDefault: 'no gate',
    flag: '--min-level',
  },
  minGrade: {
    type: { kind: 'choice', choices: ['A+', 'A', 'B', 'C', 'D'] },
    tightens: true,
    help: 'Lowest overall grade that is published.',
    byDefault: 'no gate',
    flag: '--min-grade',
  },
  waivers: {
    type: { kind: 'list', of: { kind: 'object', fields: waiverFields() } },
    scope: 'user',
    help: 'Criteria whose failure the gate lets through. The score stays as it is.',
    byDefault: 'none',
  },
});

/** Every setting of `.scoville.yaml`, by its key. */
export const SETTINGS_TABLE: Readonly<Record<string, SettingField>> = {
  ...IMAGE_SETTINGS,
  sign: SIGN_SETTINGS,
  attest,
  reproducible: REPRODUCIBLE_SETTINGS,
  gate,
  trust: TRUST_SETTINGS,
  fix: FIX_SETTINGS,
  ...LOCK_SETTINGS,
  recentDays: {
    scope: 'user',
    type: { kind: 'integer', minimum: 1, maximum: 36_500 },
    help: 'Age in days up to which an image counts as recently updated.',
    flag: '--max-age',
  },
  registries: REGISTRY_SETTINGS,
  scanner: {
    scope: 'user',
    type: { kind: 'choice', choices: SCANNER_CHOICES },
    help: 'Vulnerability scanner; `auto` takes the first that can scan, in this order.',
    flag: '--scanner',
  },
  osv: group('OSV, which is asked where no scanner is installed.', 'person', {
    url: { type: URL_TEXT, help: 'Address of its API, for a mirror of your own.' },
    exports: {
      type: URL_TEXT,
      help: 'Address of its exports, which `scoville db update` fetches.',
    },
  }),
  databaseDays: {
    scope: 'user',
    type: { kind: 'integer', minimum: 1, maximum: 36_500 },
    help: 'Age in days up to which a database of vulnerabilities can say that there are none.',
  },
  offline: {
    scope: 'user',
    type: BOOLEAN,
    flag: '--offline',
    help: 'Grade and verify without the network: scanners use the databases they have; an identity counts with a trusted root in a file alone.',
  },
  vex: {
    scope: 'user',
    namesFile: true,
    type: { kind: 'list', of: TEXT },
    flag: '--vex',
    help: 'VEX documents (OpenVEX, CycloneDX), files beside the settings file, that set vulnerabilities aside.',
    byDefault: 'none',
  },
  ui: UI_SETTINGS,
};

function waiverFields(): Readonly<Record<string, SettingField>> {
  return {
    criterion: { type: TEXT, help: 'Id of the criterion, `no-shell`.', required: true },
    reason: { type: TEXT, help: 'Why it is let through; reports show it.', required: true },
    expires: {
      type: { kind: 'string', pattern: /^\d{4}-\d{2}-\d{2}$/, expects: 'a date, YYYY-MM-DD' },
      help: 'Last day on which it applies; after it the settings are refused.',
      byDefault: 'never',
    },
  };
}

function group(
  help: string,
  scope: SettingScope,
  fields: Readonly<Record<string, SettingField>>,
): SettingField {
  return { type: { kind: 'object', fields }, scope, help };
}

export const SETTING_LEAVES = settingLeaves(SETTINGS_TABLE);
