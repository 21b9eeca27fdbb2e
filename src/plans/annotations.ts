import { oneLine } from '../model/clean-text.ts';
import { ownValue } from '../model/lookup.ts';
import { OWN_ANNOTATION } from '../model/oci.ts';
import { byName } from '../model/order.ts';
import type { Settings } from '../model/settings.ts';
import { publicSourceUrl } from './source-url.ts';
import { type LeveledAnnotations, setKey } from './user-annotations.ts';

/** What git says of the build context. */
export interface GitFacts {
  /** Full commit id. */
  readonly commit: string;
  /** Committer time, seconds since 1970. */
  readonly committedAt: number;
  readonly remoteUrl?: string;
  /** The tag that points at the commit, where there is one. */
  readonly exactTag?: string;
  /** The working tree differs from the commit. */
  readonly dirty: boolean;
  /** Folders in the repository, empty for its root: of the context and, if inside, Dockerfile. */
  readonly folder?: string;
  readonly dockerfileFolder?: string;
}

export interface AnnotationInputs {
  readonly settings: Settings;
  readonly git: GitFacts | undefined;
  /** RFC 3339. */
  readonly created: string;
  /** Repository name of the first tag, or the context's folder; the title of last resort. */
  readonly fallbackTitle: string | undefined;
  readonly base: { readonly name: string; readonly digest: string | undefined } | undefined;
  /** LABELs of the target's stages. */
  readonly dockerfileLabels: Readonly<Record<string, string>>;
  /** `--label`. */
  readonly userLabels: Readonly<Record<string, string>>;
  /** `--annotation`. */
  readonly userAnnotations: LeveledAnnotations;
}

/** What is written on the image: our own values, with the user's above them. */
export interface PlannedAnnotations extends LeveledAnnotations {
  /** Config labels to add; keys that the Dockerfile or `--label` sets are not among them. */
  readonly labels: Readonly<Record<string, string>>;
}

const OCI = 'org.opencontainers.image.';
const LONGEST_VALUE = 1024;

/**
 * Annotations of index and manifest by the OCI image specification (annotations.md, "Pre-Defined
 * Annotation Keys"), with labels that say the same. For each key the first of these decides:
 * `--annotation`, `--label`, the settings, the Dockerfile's LABEL, git and the build.
 */
export function planAnnotations(inputs: AnnotationInputs): PlannedAnnotations {
  const { userAnnotations: user, userLabels, dockerfileLabels } = inputs;
  const configured = configuredValues(inputs.settings);
  const own: Record<string, string> = {};
  const derived = derivedValues(inputs);
  for (const key of new Set([...Object.keys(configured), ...Object.keys(derived)])) {
    const value =
      ownValue(userLabels, key) ??
      ownValue(configured, key) ??
      ownValue(dockerfileLabels, key) ??
      ownValue(derived, key) ??
      '';
    const clean = boundedValue(value);
    if (clean !== '') setKey(own, key, clean);
  }
  const labels = Object.entries(own).filter(
    ([key]) =>
      ownValue(userLabels, key) === undefined &&
      (ownValue(configured, key) !== undefined || ownValue(dockerfileLabels, key) === undefined),
  );
  return {
    ...user,
    index: sorted({ ...own, ...user.index }),
    manifest: sorted({ ...own, ...user.manifest }),
    labels: sorted(Object.fromEntries(labels.map(([k, v]) => [k, user.manifest[k] ?? v]))),
  };
}

function configuredValues(settings: Settings): Readonly<Record<string, string>> {
  const { annotations, ...fields } = settings.image;
  const named = Object.entries(fields).map(([name, value]) => [`${OCI}${name}`, value] as const);
  const { use } = settings.secrets;
  return {
    ...Object.fromEntries(named),
    ...(use === undefined ? {} : { [OWN_ANNOTATION.secrets]: use }),
    ...annotations,
  };
}

function derivedValues(inputs: AnnotationInputs): Readonly<Record<string, string>> {
  const { git, base } = inputs;
  const source = git?.remoteUrl === undefined ? undefined : publicSourceUrl(git.remoteUrl);
  const revision = git === undefined ? undefined : git.commit + (git.dirty ? '-dirty' : '');
  const values = {
    title: inputs.fallbackTitle,
    source,
    revision,
    created: inputs.created,
    version: git?.dirty === false ? git.exactTag : undefined,
    'base.name': base?.name,
    'base.digest': base?.digest,
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      value === undefined ? [] : [[`${OCI}${key}`, value]],
    ),
  );
}

function boundedValue(text: string): string {
  const bounded = oneLine(text.slice(0, LONGEST_VALUE * 4)).slice(0, LONGEST_VALUE);
  // A character that the bound cut in two is left out.
  return bounded.replace(/[\ud800-\udbff]$/, '').trim();
}

function sorted(record: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(byName(Object.entries(record)));
}
