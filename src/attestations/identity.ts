import { isDigest, type Digest } from '../model/digest.ts';
import { fileName } from '../model/path.ts';
import { purlText } from '../model/purl.ts';
import { parseReference } from '../model/reference.ts';
import { err } from '../model/result.ts';

/**
 * Who built, as `runDetails.builder.id` says it: the package that this program is published as,
 * without a version, so that a policy can name it once. The versions of what took part stand in
 * `runDetails.builder.version`. docs/attestations.md defines it.
 */
export const BUILDER_ID = 'pkg:npm/scoville';

/**
 * The builder where a CI service ran it: the same, with the service and the workflow or project
 * behind `#`, so that a policy can tell one from another. As the environment says it; who signed is
 * what vouches for it.
 */
export function builderId(env: Readonly<Record<string, string | undefined>>): string {
  const workflow = env['GITHUB_WORKFLOW_REF']?.split('@')[0];
  const project = env['CI_PROJECT_URL'];
  if (env['GITHUB_ACTIONS'] === 'true' && workflow !== undefined && PLAIN.test(workflow))
    return `${BUILDER_ID}#${env['GITHUB_SERVER_URL'] ?? 'https://github.com'}/${workflow}`;
  if (env['GITLAB_CI'] === 'true' && project !== undefined && PLAIN.test(project))
    return `${BUILDER_ID}#${project}`;
  return BUILDER_ID;
}

/** The address of the run, where a CI service gives one. */
export function runAddress(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = env;
  const ofGitHub =
    server === undefined || repository === undefined || run === undefined
      ? undefined
      : `${server}/${repository}/actions/runs/${run}/attempts/${env['GITHUB_RUN_ATTEMPT'] ?? '1'}`;
  const found = env['GITHUB_ACTIONS'] === 'true' ? ofGitHub : env['CI_JOB_URL'];
  return found !== undefined && ADDRESS.test(found) ? found : undefined;
}

const PLAIN = /^[\w.:/-]{1,500}$/;
const ADDRESS = /^https?:\/\/[\w.:-]+(?:\/[\w.~-]+){1,20}$/;

/** Who judged, as a verification summary names its verifier. */
export const VERIFIER_ID = 'pkg:npm/scoville';

/** What our provenance's parameters mean: BuildKit's, and those that docs/attestations.md adds. */
export const BUILD_TYPE = 'pkg:npm/scoville#docs/attestations.md';

/**
 * The package URL of an image (purl-spec, type `oci`): name and digest, the repository and, where
 * given, the architecture as qualifiers. For a name that is not a reference, the purl
 * has the digest alone.
 */
export function imagePurl(image: {
  readonly name: string;
  readonly digest: Digest;
  readonly architecture?: string;
  /** Left out: what is named is where images of that name are kept. */
  readonly withoutTag?: boolean;
}): string {
  // An image without a tag goes by its digest, which would parse as a repository with a tag.
  const reference = isDigest(image.name) ? err('no name') : parseReference(image.name);
  const repository = reference.ok ? reference.value.repository : 'image';
  const name = fileName(repository);
  const { value: at } = reference.ok ? reference : { value: undefined };
  return purlText({
    type: 'oci',
    path: [name],
    version: image.digest,
    qualifiers: {
      arch: image.architecture,
      repository_url: at && `${at.registry}/${repository}`,
      tag: image.withoutTag === true ? undefined : at?.tag,
    },
  });
}
