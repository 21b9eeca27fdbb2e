import { URL_TEXT } from './image-settings.ts';
import { TEXT, BOOLEAN, type SettingField } from './setting-spec.ts';

type Fields = Readonly<Record<string, SettingField>>;

/** Where tokens are sent, and what is made public: a project's file never says it. */
function service(help: string, flag: string): SettingField {
  return { type: URL_TEXT, scope: 'person', help, byDefault: 'the public sigstore', flag };
}

function file(help: string, byDefault: string, flag?: string): SettingField {
  const named = { type: TEXT, scope: 'person', namesFile: true, help, byDefault } as const;
  return flag === undefined ? named : { ...named, flag };
}

const sign: Fields = {
  enabled: { type: BOOLEAN, help: 'Sign the image and its attestations.', flag: '--sign' },
  key: {
    type: TEXT,
    scope: 'user',
    namesFile: true,
    help: 'Private key: a file beside the settings file, or a KMS or PKCS#11 URI. A project names only a file of its own.',
    byDefault: 'keyless where CI gives an identity, else a key of your own',
    flag: '--key',
  },
  keyless: {
    type: BOOLEAN,
    scope: 'user',
    help: 'Always sign with an OIDC identity instead of a key.',
    flag: '--keyless',
  },
  publicLog: {
    type: BOOLEAN,
    scope: 'person',
    help: 'Agree that keyless signing writes your name, address or private repository into a public log, for ever.',
    byDefault: 'asked in a terminal, refused elsewhere',
    flag: '--public-log',
  },
  format: {
    type: { kind: 'choice', choices: ['auto', 'bundle', 'legacy', 'both'] },
    help: 'How signatures and attestations are stored: as sigstore bundles (cosign 3), under the tags that older verifiers look for, or as both. `auto`: both where the registry lists no referrers, else bundles and the tag of the signature by a key.',
    flag: '--signature-format',
  },
  notation: {
    type: {
      kind: 'string',
      pattern: /^[A-Za-z0-9_][\w.@:/+ -]{0,255}$/,
      expects: 'the name of a key of notation',
    },
    scope: 'person',
    help: 'A key of notation (`notation key ls`), which signs as well; `default` is its default key.',
    byDefault: 'none',
  },
  fulcioUrl: service('Address of a Fulcio of your own.', '--fulcio-url'),
  rekorUrl: service('Address of a Rekor (version 1) of your own.', '--rekor-url'),
  tsaUrl: {
    ...service('Address of a timestamp authority (RFC 3161).', '--tsa-url'),
    byDefault: 'none',
  },
  oidcIssuer: service('Address of the OIDC issuer where persons log in.', '--oidc-issuer'),
  signingConfig: file(
    'A signing config of sigstore, a file beside the settings file: all services of your own, Rekor v2 too.',
    'none',
    '--signing-config',
  ),
  trustedRoot: file(
    'The trusted root of the sigstore that signs, a file beside the settings file.',
    'cosign fetches it',
    '--trusted-root',
  ),
};

const identity: Fields = {
  subject: { type: TEXT, help: 'Who: an address, or the URI of a workflow.', byDefault: 'none' },
  subjectPattern: {
    type: TEXT,
    help: 'The same by a regular expression; one that matches anybody is refused.',
    byDefault: 'none',
  },
  issuer: { type: TEXT, help: 'Who vouches for it: the OIDC issuer.', byDefault: 'none' },
  issuerPattern: { type: TEXT, help: 'The same by a regular expression.', byDefault: 'none' },
};

const trust: Fields = {
  images: {
    type: {
      kind: 'list',
      of: { kind: 'string', pattern: /^[^\s@]+$/, expects: 'an image name or a pattern with *' },
    },
    help: 'Images whose source counts as trusted: names, or patterns like `registry.example.com/base/*`.',
    byDefault: 'none',
  },
  keys: {
    type: { kind: 'list', of: TEXT },
    namesFile: true,
    help: 'Public keys that signatures are checked with: files beside the settings file, or URIs. A project names only files of its own.',
    byDefault: 'none',
  },
  identities: {
    type: { kind: 'list', of: { kind: 'object', fields: identity } },
    scope: 'person',
    help: 'Keyless signers whose signatures count.',
    byDefault: 'none',
  },
  trustedRoot: file(
    'The trusted root of sigstore that keyless signatures are checked with, a file beside the settings file.',
    'cosign fetches it',
  ),
  bases: {
    type: {
      kind: 'list',
      of: { kind: 'string', pattern: /^[^\s@]+$/, expects: 'an image name or a pattern with *' },
    },
    scope: 'person',
    help: 'Images that a build uses only if their signature verifies, by their publisher’s identity or your keys.',
    byDefault: 'none',
  },
};

/** `sign`: with what images are signed. */
export const SIGN_SETTINGS: SettingField = {
  type: { kind: 'object', fields: sign },
  scope: 'project',
  help: 'Signing.',
};

/** `trust`: whom and what counts. */
export const TRUST_SETTINGS: SettingField = {
  type: { kind: 'object', fields: trust },
  scope: 'user',
  help: 'Whom you trust.',
};
