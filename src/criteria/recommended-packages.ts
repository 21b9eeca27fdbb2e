import { runPrograms } from '../dockerfile/run-script.ts';
import { type Instruction, showsText } from '../model/dockerfile.ts';
import type { FixPlan, FixRule } from '../model/fix.ts';
import { inImage, NOTHING, type Placed, proposed, together, wordBehind } from './edit-text.ts';
import { type CheckedRule, instructionsOf } from './lint-rule.ts';

/** An option or a setting of apt that decides on recommended packages, whatever it says. */
const DECIDES = /install-(?:recommends|suggests)/i;

function drawsIn(run: Instruction, image: readonly Instruction[]): readonly number[] {
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
        return range ? [{ range, message: 'installs what apt only recommends too' }] : [];
      }),
    );
  },
};

function edited(run: Placed, image: readonly Instruction[]): FixPlan {
  const edits = drawsIn(run.instruction, image).flatMap((at) => {
    const command = run.commands[at];
    const verb = command?.words.find(({ value }) => value === 'install');
    return command === undefined || verb === undefined
      ? []
      : [wordBehind({ run, command }, verb, '--no-install-recommends')];
  });
  if (edits.length === 0) return NOTHING;
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
  title: 'Install no packages that apt only recommends',
  criterion: 'minimal-base',
  lint: 'recommended-packages',
  needs: [],
  plan: (input) => {
    const runs = inImage(input).filter(({ keyword }) => keyword === 'RUN');
    const image = runs.map(({ instruction }) => instruction);
    return together(runs.map((run) => edited(run, image)));
  },
};
