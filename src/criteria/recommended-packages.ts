import { runPrograms } from '../dockerfile/run-script.ts';
import { type Instruction, showsText } from '../model/dockerfile.ts';
import type { FixInput, FixPlan, FixRule } from '../model/fix.ts';
import { inImage, type Placed, proposed, refusedAt, together, wordBehind } from './edit-text.ts';
import { type CheckedRule, instructionsOf } from './lint-rule.ts';
import { purposeOf, PURPOSES } from './program-needs.ts';

/** An option or a setting of apt that decides on recommended packages, whatever it says. */
const DECIDES = /install-(?:recommends|suggests)/i;

/** Indexes of the commands of a RUN by which apt installs what it recommends too. */
function drawsIn(run: Instruction, image: readonly Instruction[]): readonly number[] {
  // A file of settings may decide for all later ones.
  if (image.some((one) => showsText(one, DECIDES))) return [];
  return runPrograms(run).flatMap(({ program, words, at }) => {
    const [verb, ...packages] = words.filter((word) => !word.startsWith('-'));
    const installs = /^apt(?:-get)?$/.test(program) && verb === 'install';
    return installs && packages.length > 0 ? [at] : [];
  });
}

export const recommendedPackages: CheckedRule = {
  id: 'recommended-packages',
  title: 'No packages that apt only recommends',
  level: 'info',
  help:
    'RUNs of the image’s own stages in which apt installs without `--no-install-recommends`. Debian’s packages recommend others, which they work without: often ' +
    'twice as many come along. Nothing is found where any RUN of the image sets `APT::Install-Recommends`. Stages that only build are not checked.',
  remedy:
    'Add --no-install-recommends, and name what of it the app needs (such as ca-certificates)',
  bad: 'FROM debian:trixie-slim\nRUN apt-get update && apt-get install -y curl\n',
  good: 'FROM debian:trixie-slim\nRUN apt-get update && apt-get install -y --no-install-recommends curl ca-certificates\n',
  check: ({ finalStages }) => {
    const runs = instructionsOf(finalStages, 'RUN');
    return runs.flatMap((run) =>
      drawsIn(run, runs).flatMap((at) => {
        const range = run.commands[at]?.range;
        const message = 'installs what apt only recommends too';
        return range === undefined ? [] : [{ range, message }];
      }),
    );
  },
};

function edited(input: FixInput, run: Placed, runs: readonly Placed[]): FixPlan {
  const image = runs.map(({ instruction }) => instruction);
  const edits = drawsIn(run.instruction, image).flatMap((at) => {
    const command = run.commands[at];
    const verb = command?.words.find(({ value }) => value === 'install');
    return command === undefined || verb === undefined
      ? []
      : [wordBehind({ run, command }, verb, '--no-install-recommends')];
  });
  const purpose = purposeOf(input);
  if (edits.length === 0) return { edits: [], refusals: [] };
  if (purpose !== 'service')
    return refusedAt(run, `recommended packages stay: ${PURPOSES[purpose]}`);
  return proposed(run, {
    key: 'apt',
    title: 'Install no packages that apt only recommends',
    why: 'Debian’s packages recommend others, which they work without: often twice as many come along',
    risk: 'medium',
    riskReason:
      'what was only recommended is missing then, such as ca-certificates for curl; name what the app needs, and check with --verify',
    edits,
  });
}

export const withoutRecommended: FixRule = {
  id: 'without-recommended',
  criterion: 'minimal-base',
  lint: 'recommended-packages',
  needs: ['bases'],
  plan: (input) => {
    const runs = inImage(input).filter(({ keyword }) => keyword === 'RUN');
    return together(runs.map((run) => edited(input, run, runs)));
  },
};
