import { LINT_RULES } from '../src/criteria/catalogue.ts';
import type { LintRule } from '../src/model/fix.ts';
import { wrapProse } from './wrap-prose.ts';

const GENERATED =
  '<!-- Made by scripts/generate-lint-docs.mjs from the catalogue of rules; do not edit. -->';

const INTRODUCTION = `# Rules of \`scoville lint\`

Finds in Dockerfiles, without building them, what the [criteria](criteria/README.md) would find in the image, and a little more. Criteria that a Dockerfile decides alone (\`trusted-source\`, \`verified-downloads\`, \`pinned-images\`, \`pinned-packages\`) are judged by the very code that grades images; of those that need the built image, what the Dockerfile shows. [Flags](reference/commands/lint.md).

\`\`\`
Dockerfile:1:6 warning pinned-images debian:trixie-slim, base of the final stage: no digest
    1 | FROM debian:trixie-slim
      |      ^^^^^^^^^^^^^^^^^^
What a rule means: scoville explain pinned-images
0 errors, 1 warning, 0 info in 1 file
\`\`\`

What weighs what: criteria of levels 1 and 2 are errors, of level 3 warnings, above that no more than information. What is not known from the Dockerfile (an image name that is not constant, a requirements file that does not exist) is information. So are packages of apt, apk, dnf, zypper and pacman without a version: their archives drop old versions, so that a version named alone breaks the build one day; freeze the archive at a date, or pin them and have them refreshed.

Only stages that the target reaches are judged: the last one, or \`--target\`. Variables have the values that \`--build-arg\`, ARG defaults and a linux/amd64 machine give them. The commands of a RUN are listed, those in here-documents, functions and loops too, and nothing is run. Files are followed: their modes, and where COPY, cp and mv take them. What lint does not find may be there all the same.

## Bake and compose

A file of bake (\`docker-bake.hcl\`, \`docker-bake.json\`, any \`.hcl\`) or of compose (\`compose.yaml\` and its kin) means what its targets build. \`docker buildx bake --print\` resolves it, as for \`scoville bake\`. Each Dockerfile is judged with the arguments, the stage and the context of its target; one that is in the definition is named \`FILE#TARGET\`. \`--build-arg\` and \`--target\` go before what the definition says.

\`\`\`console
$ scoville lint docker-bake.hcl
\`\`\`

## Ignoring

\`\`\`dockerfile
# scoville: ignore=latest-tag,pinned-images rebuilt every night, and tested
FROM debian
\`\`\`

Above an instruction, or between its lines, the comment applies to that instruction. On the file’s first line (behind \`# syntax\` and the other directives) it applies for the whole file. It needs the ids and a reason, which reports show. Without a reason it takes nothing back; an id that is not a rule, or that finds nothing there, is itself a finding.

## Reports

\`--json\` prints, as [its schema](../schema/lint-1.json) says, \`schemaVersion\` (\`1\`), \`tool\` and \`files\`: of each \`name\`, \`parsed\` (false where BuildKit would refuse it), \`findings\` and \`ignored\`. A finding has \`rule\`, \`severity\`, \`range\` (\`startLine\`, \`startColumn\`, \`endLine\`, \`endColumn\`, from 1, the end behind the last character), \`message\`, and where there is one \`remedy\` and \`stage\`; an ignored one has its \`reason\` too. \`--report sarif=FILE\` is for code scanning: what a comment ignores is in it, as suppressed. \`--report code-quality=FILE\` is for [merge requests of GitLab](reports.md#code-quality).
`;

function section({ id, title, level, help, remedy, bad, good, specification }: LintRule): string[] {
  const more =
    specification === undefined ? '' : ` [What decides the criterion](criteria/${id}.md).`;
  return [
    `### \`${id}\``,
    '',
    `${title}. ${level[0]?.toUpperCase() ?? ''}${level.slice(1)}.${more}`,
    '',
    ...(specification === undefined ? [help, ''] : []),
    '```dockerfile',
    '# bad',
    bad.trimEnd(),
    `# good: ${remedy.charAt(0).toLowerCase()}${remedy.slice(1)}`,
    good.trimEnd(),
    '```',
    '',
  ];
}

/** docs/lint.md. */
export function lintPage(): string {
  const text = [GENERATED, '', INTRODUCTION, '## Rules', '', ...LINT_RULES.flatMap(section)]
    .join('\n')
    .replace(/\n+$/, '\n');
  return wrapProse(text);
}
