import { type DOMElement, measureElement } from 'ink';
import { type RefObject, useEffect, useRef, useState } from 'react';

/** A box's rows as last drawn; only the layout knows, as texts wrap. `before`: until then. */
export function useMeasuredRows(before: number): readonly [RefObject<DOMElement | null>, number] {
  const ref = useRef<DOMElement>(null);
  const [rows, setRows] = useState(before);
  useEffect(() => {
    if (ref.current !== null) setRows(measureElement(ref.current).height);
  });
  return [ref, rows];
}
