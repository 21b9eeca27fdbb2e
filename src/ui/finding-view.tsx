import { Box, Text } from 'ink';
import type { ReactNode } from 'react';
import { OUTCOME_COLOUR } from './grade-colour.ts';
import { type KeyState, useKeys, useKeyState } from './keyboard.ts';
import { Line, Paragraph } from './line.tsx';
import type { Marks } from './marks.ts';
import { useMeasuredRows } from './measured.ts';
import type { FindingView } from './review-model.ts';
import { moved, rowStep } from './window.ts';

interface Props {
  readonly finding: FindingView;
  readonly marks: Marks;
  readonly height: number;
  readonly isActive: boolean;
  readonly onStep: (by: number) => void;
  readonly onBack: () => void;
}

/** One criterion: what was found, what to do, each piece of evidence. */
export function FindingScreen({ finding, marks, height, isActive, onStep, onBack }: Props) {
  const wanted = useKeyState(0);
  useKeys(
    (input) => {
      if (input !== 'n' && input !== 'p') return;
      wanted.set(0);
      onStep(input === 'n' ? 1 : -1);
    },
    { isActive },
  );
  return (
    <Scrolled wanted={wanted} height={height} isActive={isActive} onBack={onBack}>
      <Whole finding={finding} marks={marks} />
    </Scrolled>
  );
}

interface FailureProps extends Pick<Props, 'height' | 'isActive' | 'onBack'> {
  readonly lines: readonly string[];
}

/** Why something failed, whole; its end, where the reason stands, is shown first. */
export function FailureScreen({ lines, ...rest }: FailureProps) {
  const wanted = useKeyState(Number.MAX_SAFE_INTEGER);
  return (
    <Scrolled wanted={wanted} {...rest}>
      {lines
        .flatMap((line) => line.split('\n'))
        .map((text, i) => (
          <Paragraph key={i} text={text === '' ? ' ' : text} />
        ))}
    </Scrolled>
  );
}

interface ScrolledProps extends Pick<Props, 'height' | 'isActive' | 'onBack'> {
  /** The first row that is shown. */
  readonly wanted: KeyState<number>;
  readonly children: ReactNode;
}

/** What has no room is scrolled to. */
function Scrolled({ wanted, height, isActive, onBack, children }: ScrolledProps) {
  const [ref, rows] = useMeasuredRows(0);
  // The last row says where one is in what does not fit.
  const fits = rows <= height;
  const room = Math.max(1, fits ? height : height - 1);
  const places = Math.max(1, rows - room + 1);
  const top = moved(wanted.shown, 0, places);
  useKeys(
    (input, key) => {
      const by = rowStep(input, key);
      const pages = key.pageDown || input === ' ' ? room : key.pageUp ? -room : 0;
      if (by + pages !== 0) wanted.set(moved(moved(wanted.now(), 0, places), by + pages, places));
      else if (key.escape || key.leftArrow) onBack();
    },
    { isActive },
  );
  return (
    <Box flexDirection="column">
      <Box flexDirection="column" height={room} overflow="hidden">
        <Box ref={ref} flexDirection="column" flexShrink={0} marginTop={-top}>
          {children}
        </Box>
      </Box>
      {!fits && <Line dimColor text={`rows ${top + 1} to ${top + room} of ${rows}`} />}
    </Box>
  );
}

function Whole({ finding, marks }: Pick<Props, 'finding' | 'marks'>) {
  const { evidence, outcome, settle } = finding;
  const remedy = outcome === 'pass' ? undefined : finding.remedies[0];
  return (
    <>
      <Line bold text={finding.title} />
      <Line
        dimColor
        text={`${[finding.id, ...finding.also].join(', ')}, level ${finding.level}, ${finding.vector}`}
      />
      <Box>
        <Box flexShrink={0}>
          <Text {...OUTCOME_COLOUR[outcome]}>
            {marks.outcome[outcome]} {outcome}:{' '}
          </Text>
        </Box>
        <Paragraph text={finding.summary} />
      </Box>
      {settle !== undefined && <Paragraph text={`to check it: ${settle}`} />}
      {remedy !== undefined && (
        <Box flexDirection="column" marginTop={1}>
          <Paragraph bold text={remedy.title} />
          <Paragraph text={remedy.detail} />
          {(remedy.example ?? '').split('\n').map((text, i) => (
            <Line key={i} color="cyan" text={text} />
          ))}
        </Box>
      )}
      <Line dimColor text={`more: scoville explain ${finding.id}`} />
      <Box marginTop={1}>
        <Text bold>
          {evidence.length === 0 ? 'No evidence of its own' : `Evidence, ${evidence.length}`}
        </Text>
      </Box>
      {evidence.map((text, i) => (
        <Paragraph key={i} text={`${marks.between} ${text}`} />
      ))}
    </>
  );
}
