import { useEffect, useRef, useState } from 'react';
import type { EventSink } from '../model/events.ts';
import { CardScreen, choosable } from './card-view.tsx';
import { ConfirmEdits } from './confirm-edits.tsx';
import { EditsScreen } from './edits-view.tsx';
import { FailureScreen, FindingScreen } from './finding-view.tsx';
import { Frame, type Inside } from './frame.tsx';
import { useKeys, useKeyState } from './keyboard.ts';
import { KEYS } from './keys.tsx';
import type { Marks } from './marks.ts';
import type { CardView, EditView, ReviewWork } from './review-model.ts';
import { moved } from './window.ts';
import { WorkingScreen } from './working-view.tsx';

const ANSWERS = { y: 'build', w: 'write', n: 'no' } as const;

type View = 'card' | 'finding' | 'edits' | 'confirm' | 'working' | 'failure';

interface ReviewProps {
  readonly card: CardView;
  readonly work: ReviewWork;
  readonly marks: Marks;
  /** Where it opens. */
  readonly start: 'card' | 'edits';
  readonly onEnd: () => void;
  readonly onInterrupt: () => void;
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** Scorecard, findings and edits of one image: apply, build again, and watch the grade move. */
export function ReviewScreen(props: ReviewProps) {
  const { work, marks, onEnd, onInterrupt } = props;
  const [card, setCard] = useState(props.card);
  const [view, setView] = useState<View>(props.start);
  const selected = useKeyState(0);
  const all = useKeyState(false);
  const [edits, setEdits] = useState<readonly EditView[] | undefined>();
  const chosen = useKeyState<ReadonlySet<string>>(new Set());
  const [message, setMessage] = useState('');
  const [failure, setFailure] = useState<readonly string[]>([]);
  const isLooking = useRef(false);

  const fail = (lines: readonly string[]): void => {
    setFailure(lines);
    setView('failure');
  };
  /** Runs work whose failure is shown, never thrown. */
  const attempt = (what: Promise<void>): void => {
    what.catch((error: unknown) => {
      fail([messageOf(error)]);
    });
  };
  const openEdits = async (): Promise<void> => {
    setMessage('');
    setView('edits');
    if (edits !== undefined || isLooking.current) return;
    isLooking.current = true;
    try {
      setEdits(await work.edits());
    } finally {
      isLooking.current = false;
    }
  };
  const write = async (): Promise<void> => {
    const lines = await work.apply([...chosen.now()]);
    setEdits(undefined);
    chosen.set(new Set());
    setMessage(lines.join('; '));
  };
  const build = async (sink: EventSink): Promise<void> => {
    const result = await work.rebuild(sink);
    if ('failed' in result) {
      setMessage('');
      fail(['the build failed', ...result.failed]);
      return;
    }
    setCard(result);
    selected.set(0);
    setMessage(movedText(card, result));
    setView('card');
  };
  useEffect(() => {
    if (props.start === 'edits') attempt(openEdits());
    // Once, when the screen opens.
  }, []);

  const body = (inside: Inside) => {
    const finding = card.findings[selected.shown];
    if (view === 'working')
      return (
        <WorkingScreen
          {...inside}
          marks={marks}
          start={(sink) => {
            attempt(build(sink));
          }}
        />
      );
    if (view === 'confirm')
      return (
        <ConfirmEdits
          count={chosen.shown.size}
          isActive={inside.isActive}
          answers={ANSWERS}
          keys="y: write and build again, w: write only, n: back"
          onAnswer={(answer) => {
            if (answer === 'no') setView('edits');
            else
              attempt(
                write().then(() => {
                  setView(answer === 'build' ? 'working' : 'card');
                }),
              );
          }}
        />
      );
    if (view === 'edits')
      return (
        <EditsScreen
          {...inside}
          edits={edits}
          worth={work.worth}
          marks={marks}
          chosen={chosen}
          onApply={() => {
            if (chosen.now().size > 0) setView('confirm');
            else setMessage('nothing is picked: space picks');
          }}
          onBack={() => {
            setMessage('');
            setView('card');
          }}
        />
      );
    if (view === 'failure')
      return (
        <FailureScreen
          {...inside}
          lines={failure}
          onBack={() => {
            setView('card');
          }}
        />
      );
    if (view === 'finding' && finding !== undefined)
      return (
        <FindingScreen
          {...inside}
          finding={finding}
          marks={marks}
          onStep={(by) => {
            selected.set(moved(selected.now(), by, choosable(card, all.now())));
          }}
          onBack={() => {
            setView('card');
          }}
        />
      );
    return (
      <CardScreen
        {...inside}
        card={card}
        marks={marks}
        selected={selected}
        all={all}
        onOpen={() => {
          setView('finding');
        }}
      />
    );
  };
  return (
    <Frame
      keys={KEYS[view]}
      marks={marks}
      message={message}
      onEnd={view === 'working' ? undefined : onEnd}
      onInterrupt={onInterrupt}
    >
      {(inside) => (
        <>
          <EditsKey
            isActive={inside.isActive && (view === 'card' || view === 'finding')}
            onPress={() => {
              attempt(openEdits());
            }}
          />
          {body(inside)}
        </>
      )}
    </Frame>
  );
}

/** The screen as an element, for those who write no JSX. */
export function reviewElement(props: ReviewProps) {
  return <ReviewScreen {...props} />;
}

function EditsKey({ isActive, onPress }: { isActive: boolean; onPress: () => void }) {
  useKeys(
    (input) => {
      if (input === 'f') onPress();
    },
    { isActive },
  );
  return null;
}

/** What a build has changed, on one line. */
function movedText(before: CardView, after: CardView): string {
  const points = after.overall.points - before.overall.points;
  const grade = `grade ${before.overall.grade} -> ${after.overall.grade}`;
  const level = `level ${before.level} -> ${after.level}`;
  return `built again: ${points >= 0 ? '+' : ''}${points} points, ${grade}, ${level}`;
}
