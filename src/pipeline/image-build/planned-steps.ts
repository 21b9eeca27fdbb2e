import type { Part, Phase } from '../../model/events.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';

/** What a planned build will go through, in the order in which it ends. */
export function plannedSteps({
  attest,
  grade,
  settings,
  destinations,
  prove,
}: Pick<BuildPlan, 'attest' | 'grade' | 'settings' | 'destinations' | 'prove'>): readonly (
  Phase | Part
)[] {
  const { scanner, gate } = settings;
  const hasGate = gate.minLevel !== undefined || gate.minGrade !== undefined;
  const goesTo = (kind: BuildPlan['destinations'][number]['kind']): boolean =>
    destinations.some((destination) => destination.kind === kind);
  const steps: readonly (readonly [Phase | Part, boolean])[] = [
    ['build', true],
    ['normalise', true],
    ['prove', prove],
    ['inspect', true],
    ['sbom', attest.sign.on && attest.sbom.on],
    ['sign', attest.sign.on],
    ['attest', true],
    ['scan', grade && scanner !== 'none'],
    ['grade', true],
    ['gate', grade && hasGate],
    ['load', goesTo('docker')],
    ['push', goesTo('registry')],
  ];
  return steps.flatMap(([step, isOn]) => (isOn ? [step] : []));
}
