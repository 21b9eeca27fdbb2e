import { Box, Text, useInput } from 'ink';
import { useState } from 'react';
import { OUTCOME_COLOUR } from './grade-colour.ts';
import { Line, Paragraph } from './line.tsx';
import type { Marks } from './marks.ts';
import type { FindingView } from './review-model.ts';
import { moved } from './window.ts';

interface Props {
  readonly finding: FindingView;
  readonly marks: Marks;
  readonly height: number;
  readonly isActive: boolean;
  readonly onStep: (by: number) => void;
  readonly onBack: () => void;
}

/** One criterion: what was found, each piece of evidence, and what to do. */
export function FindingScreen({ finding, marks, height, isActive, onStep, onBack }: Props) {
  const [top, setTop] = useState(0);
  const { evidence } = finding;
  const remedy = finding.outcome === 'pass' ? undefined : finding.remedies[0];
  const page = Math.max(1, Math.floor(height / 3));
  const last = Math.max(0, evidence.length - 1);
  const place = `${Math.min(top + 1, evidence.length)} of ${evidence.length}`;
  useInput(
    (input, key) => {
      const by = key.downArrow || input === 'j' ? 1 : key.upArrow || input === 'k' ? -1 : 0;
      const pages = key.pageDown || input === ' ' ? page : key.pageUp ? -page : 0;
      if (by + pages !== 0) setTop(moved(top, by + pages, last + 1));
      else if (key.escape || key.leftArrow) onBack();
      else if (input === 'n' || input === 'p') {
        setTop(0);
        onStep(input === 'n' ? 1 : -1);
      }
    },
    { isActive },
  );
  return (
    <Box flexDirection="column">
      <Line bold text={finding.title} />
      <Line dimColor text={`${finding.id}, level ${finding.level}, ${finding.vector}`} />
      <Box flexShrink={0}>
        <Box flexShrink={0}>
          <Text {...OUTCOME_COLOUR[finding.outcome]}>
            {marks.outcome[finding.outcome]} {finding.outcome}:{' '}
          </Text>
        </Box>
        <Paragraph text={finding.summary} />
      </Box>
      {finding.settle !== undefined && <Paragraph text={`settle it with: ${finding.settle}`} />}
      {remedy !== undefined && (
        <Box flexDirection="column" marginTop={1} flexShrink={0}>
          <Paragraph bold text={remedy.title} />
          <Paragraph text={remedy.detail} />
          {(remedy.example ?? '')
            .split('\n')
            .slice(0, 3)
            .map((text, i) => (
              <Line key={i} color="cyan" text={text} />
            ))}
        </Box>
      )}
      <Box marginTop={1} flexShrink={0}>
        <Text bold>{evidence.length === 0 ? 'No evidence of its own' : `Evidence ${place}`}</Text>
      </Box>
      {evidence.slice(top, top + height).map((text, i) => (
        <Box key={top + i} flexShrink={0}>
          <Paragraph text={`${marks.between} ${text}`} />
        </Box>
      ))}
    </Box>
  );
}
