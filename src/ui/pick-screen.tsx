import { useState } from 'react';
import { ConfirmEdits } from './confirm-edits.tsx';
import { EditsScreen } from './edits-view.tsx';
import { Frame } from './frame.tsx';
import { useKeyState } from './keyboard.ts';
import { KEYS } from './keys.tsx';
import type { Marks } from './marks.ts';
import type { EditView, WorthOf } from './review-model.ts';

const ANSWERS = { y: 'write', n: 'no' } as const;

interface PickProps {
  readonly edits: readonly EditView[];
  readonly worth: WorthOf;
  readonly marks: Marks;
  /** Ids of the edits to be written; none where the person ended without. */
  readonly onDone: (picked: ReadonlySet<string>) => void;
  readonly onInterrupt: () => void;
}

/**
 * Edits to pick from, each with its reason, risk, gain and diff; what is picked is asked once more.
 */
export function PickScreen({ edits, worth, marks, onDone, onInterrupt }: PickProps) {
  const chosen = useKeyState<ReadonlySet<string>>(new Set());
  const [confirms, setConfirms] = useState(false);
  const [message, setMessage] = useState('');
  const end = (): void => {
    onDone(new Set());
  };
  return (
    <Frame
      keys={confirms ? KEYS.confirmFix : KEYS.edits}
      marks={marks}
      message={message}
      onEnd={end}
      onInterrupt={onInterrupt}
    >
      {(inside) =>
        confirms ? (
          <ConfirmEdits
            count={chosen.shown.size}
            isActive={inside.isActive}
            answers={ANSWERS}
            keys="y: write, n: back"
            onAnswer={(answer) => {
              if (answer === 'write') onDone(chosen.now());
              else setConfirms(false);
            }}
          />
        ) : (
          <EditsScreen
            {...inside}
            edits={edits}
            worth={worth}
            marks={marks}
            chosen={chosen}
            onApply={() => {
              setMessage(chosen.now().size > 0 ? '' : 'nothing is picked: space picks');
              setConfirms(chosen.now().size > 0);
            }}
            onBack={end}
          />
        )
      }
    </Frame>
  );
}

/** The screen as an element, for those who write no JSX. */
export function pickElement(props: PickProps) {
  return <PickScreen {...props} />;
}
