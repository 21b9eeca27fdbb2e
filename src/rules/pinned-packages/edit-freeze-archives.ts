import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { runAt } from '../shared/edit/command-at.ts';
import { linesBefore, NOTHING, proposal, together } from '../shared/edit/proposal.ts';

/** apt of Debian reads the archive as it was at a time. */
function freeze(time: string): string {
  const at = (archive: string): string =>
    `-e 's,https\\?://deb.debian.org/${archive}/\\?\\( \\|$\\),http://snapshot.debian.org/archive/${archive}/${time}/\\1,'`;
  return (
    `RUN find /etc/apt -name '*.sources' -o -name '*.list' | xargs sed -i ${at('debian')} ${at('debian-security')}` +
    ` && echo 'Acquire::Check-Valid-Until "false";' > /etc/apt/apt.conf.d/99snapshot`
  );
}

function inStage(input: FixInput, stage: number): FixPlan {
  const { source, analysis, options } = input;
  const first = analysis.installs.find(
    (install) => install.stage === stage && install.manager === 'apt' && !install.frozenRepository,
  );
  if (first === undefined || options.freeze === undefined) return NOTHING;
  const run = source.instructions.find(
    (one) =>
      one.stage === stage &&
      one.keyword === 'RUN' &&
      (one === runAt(input, stage, first.range) ||
        /\bapt(?:-get)?\b(?:(?!\bapt\b)[^&|;])*\bupdate\b/.test(one.text)),
  );
  if (run === undefined) return NOTHING;
  return {
    edits: [
      proposal(run, {
        key: `stage-${stage}`,
        title: `Freeze the archives of Debian at ${options.freeze}`,
        why: 'Each build gets the same versions of everything, dependencies included, for as long as the snapshot is there',
        risk: 'medium',
        riskReason:
          'security updates come with a new date only, and snapshot.debian.org is slower than a mirror',
        edits: [linesBefore(source, run, [freeze(options.freeze)])],
      }),
    ],
    refusals: [],
  };
}

/** On request: apt reads Debian's archives as they were at a date. */
export const freezeArchives: FixRule = {
  id: 'freeze-archives',
  title: 'Freeze the archives of Debian at a date',
  help:
    'Only with `--freeze DATE`: adds a RUN in front of the first use of apt in a stage, which points `/etc/apt` at snapshot.debian.org as it was at that date. For Debian and images made of it; sources of other ' +
    'archives stay as they are.',
  breaks: [{ what: 'security updates stay away until the date is moved' }],
  criterion: 'pinned-packages',
  needs: [],
  plan: (input) => together(input.model.reached.map((stage) => inStage(input, stage))),
};
