import { ok } from '../model/result.ts';
import type { PolicyFormat } from './admitted-image.ts';
import { referencePattern, regexLiteral, stringLiteral } from './literals.ts';
import { hashComment } from './policy-yaml.ts';

/**
 * BuildKit's source policy (sourcepolicy/pb/policy.proto). It verifies no signature, so it names
 * the digest that verified: the tag is converted to it, everything else is denied. The last rule
 * that matches decides.
 */
export const buildkit: PolicyFormat = (image) => {
  const { repository, tag, digest } = image;
  const named = `docker-image://${repository}`;
  const pinned = referencePattern({ ...image, isPinned: true }).slice(1);
  const rules = [
    // A conversion starts the rules again, and some BuildKits deny before they convert.
    ...(tag === undefined
      ? []
      : [
          {
            action: 'CONVERT',
            // EXACT converts to itself (selectorCache.Format).
            selector: {
              identifier: `^${regexLiteral(`${named}:${tag}`)}$`,
              match_type: 'REGEX',
            },
            updates: { identifier: `${named}:${tag}@${digest}` },
          },
        ]),
    ...['docker-image://*', 'oci-layout://*'].map((identifier) => ({
      action: 'DENY',
      selector: { identifier, match_type: 'WILDCARD' },
    })),
    {
      action: 'ALLOW',
      selector: {
        identifier: `^${regexLiteral('docker-image://')}${pinned}`,
        match_type: 'REGEX',
      },
    },
  ];
  const text = `${JSON.stringify({ version: 1, rules }, undefined, 2)}\n`;
  return ok([{ name: 'buildkit-source-policy.json', text }]);
};

/**
 * buildx' Rego policy (package docker, `decision`). buildx verifies signatures by sigstore's public
 * services alone, of provenance in BuildKit's own form, so this names the digest that verified too.
 */
export const buildx: PolicyFormat = (image) => {
  const { repository, digest } = image;
  const comment = [
    `Lets a build use ${repository} by the digest that was verified, and no other image. Sources that are not images (local files, git, HTTP) pass.`,
    'buildx verifies signatures of provenance in BuildKit’s own form, by sigstore’s public services (buildx#4010); it cannot take a key. So a new digest needs a new file.',
    'docker buildx build --policy filename=buildx.rego,strict=true . The frontend of a # syntax line is an image too, and is refused unless you add it.',
    'Needs a buildx that has `docker buildx policy` (0.31). Evaluated by OPA, which buildx has in it, on the input that its source documents. Not run in buildx.',
  ];
  const text = [
    `${hashComment(comment)}package docker`,
    '',
    'import rego.v1',
    '',
    'default allow := false',
    '',
    'allow if input.local',
    '',
    'allow if input.git',
    '',
    'allow if input.http',
    '',
    'allow if {',
    `    input.image.fullRepo == ${stringLiteral(repository)}`,
    `    input.image.checksum == ${stringLiteral(digest)}`,
    '}',
    '',
    `deny_msg contains ${stringLiteral(`only ${repository}@${digest} may be used`)} if not allow`,
    '',
    'decision := {"allow": allow, "deny_msg": [m | some m in deny_msg]}',
    '',
  ].join('\n');
  return ok([{ name: 'buildx.rego', text }]);
};
