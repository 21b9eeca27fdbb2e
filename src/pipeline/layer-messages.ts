import type { LayerFacts } from '../facts/layer-facts.ts';
import { messageOf, UserError } from '../model/errors.ts';
import type { FileRange } from '../model/walk.ts';
import type { LayerRequest } from './read-layer.ts';

/** What the thread that reads layers is told: a layer to read, and its bytes where they lie in no file. */
export type ToLayerThread =
  | { readonly kind: 'read'; readonly request: LayerRequest; readonly file: FileRange | undefined }
  | { readonly kind: 'block'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'end' };

/** What it tells. `taken`: a block has been read, and another may come. */
export type FromLayerThread =
  | { readonly kind: 'taken' }
  | { readonly kind: 'facts'; readonly facts: LayerFacts }
  | { readonly kind: 'failed'; readonly error: SentError };

/** An error on its way between threads, which keep no classes. */
export interface SentError {
  readonly message: string;
  /** Where it is the user's to mend. */
  readonly user: { readonly nextStep: string | undefined; readonly exitCode: number } | undefined;
  readonly stack: string | undefined;
}

export function sentError(thrown: unknown): SentError {
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  const user =
    thrown instanceof UserError
      ? { nextStep: thrown.nextStep, exitCode: thrown.exitCode }
      : undefined;
  return { message: messageOf(thrown), user, stack };
}

/** The error that was sent, of its class again. */
export function receivedError({ message, user, stack }: SentError): Error {
  const error =
    user === undefined
      ? new Error(message)
      : new UserError(message, {
          exitCode: user.exitCode,
          ...(user.nextStep === undefined ? {} : { nextStep: user.nextStep }),
        });
  if (stack !== undefined) error.stack = stack;
  return error;
}
