import { Box } from 'ink';
import { useEffect, useState } from 'react';
import type { EventSink } from '../model/events.ts';
import { Line } from './line.tsx';
import { LiveArea } from './live-area.tsx';
import { liveLog } from './live-log.ts';
import type { LiveModel } from './live-model.ts';
import type { Marks } from './marks.ts';

const LIVE_ROWS = 10;

interface Props {
  readonly marks: Marks;
  readonly columns: number;
  readonly height: number;
  /** Starts the work; what it tells is shown. */
  readonly start: (sink: EventSink) => void;
}

const plain = (text: string): string => text;

/** Progress of a build inside a whole screen: the last lines that it printed, and what runs. */
export function WorkingScreen({ marks, columns, height, start }: Props) {
  const [lines, setLines] = useState<readonly string[]>([]);
  const [{ model, frame }, setLive] = useState<{ model: LiveModel; frame: number }>({
    model: { rows: [], items: [] },
    frame: 0,
  });
  useEffect(() => {
    const log = liveLog({
      surface: {
        print: (text) => {
          setLines((before) => [...before, ...text.split('\n')].slice(-100));
        },
        draw: (next) => {
          setLive((before) => ({ model: next, frame: before.frame + 1 }));
        },
        close: () => undefined,
      },
      columns: () => columns,
      style: { dim: plain, green: plain, red: plain, yellow: plain },
      marks,
      now: () => Date.now(),
      fit: plain,
    });
    start(log.sink);
    return log.stop;
    // Work is started once.
  }, []);
  const live = Math.max(3, Math.min(LIVE_ROWS, height - 2));
  const room = Math.max(1, height - live);
  return (
    <Box flexDirection="column">
      {lines.slice(-room).map((text, i) => (
        <Line key={i} text={text} />
      ))}
      <LiveArea model={model} marks={marks} frame={frame} height={live} columns={columns} />
    </Box>
  );
}
