import type { LayerFacts } from '../../facts/layer-facts.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import type { FileRange } from '../../model/walk.ts';
import { Abandoned, UnpackingFailed } from '../../oci/walk/walk-ring.ts';
import type { LayerRequest } from './read-layer.ts';

/** What a thread starts with: its number, and the turn it takes before it fills a large window. */
export interface LayerThreadData {
  readonly id: number;
  readonly turn: SharedArrayBuffer;
}

/**
 * What a thread is to do: one of the two halves of reading a layer, which meet in `shared`. `file`:
 * where the bytes lie in none they are sent.
 */
export type LayerJob =
  | {
      readonly kind: 'unpack';
      readonly request: LayerRequest;
      readonly file: FileRange | undefined;
      readonly shared: SharedArrayBuffer;
    }
  | {
      readonly kind: 'read-unpacked';
      readonly request: LayerRequest;
      readonly shared: SharedArrayBuffer;
    };

export type ToLayerThread =
  | LayerJob
  | { readonly kind: 'block'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'end' };

/** What a thread sends. `taken`: a block was read, send another. `done`: facts, if it reads any. */
export type FromLayerThread =
  | { readonly kind: 'taken' }
  | { readonly kind: 'done'; readonly facts: LayerFacts | undefined }
  | { readonly kind: 'failed'; readonly error: SentError };

/** An error on its way between threads, which keep no classes. */
interface SentError {
  readonly message: string;
  /** Where the user can fix it. */
  readonly user: { readonly nextStep: string | undefined; readonly exitCode: number } | undefined;
  /** True where the other half of a layer's reading has failed before. */
  readonly follows: boolean;
  readonly stack: string | undefined;
}

/** The other thread's failure is the one to tell. */
export class Follows extends Error {
  override readonly name = 'Follows';
}

export function sentError(thrown: unknown): SentError {
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  const follows = thrown instanceof Abandoned || thrown instanceof UnpackingFailed;
  const user =
    thrown instanceof UserError
      ? { nextStep: thrown.nextStep, exitCode: thrown.exitCode }
      : undefined;
  return { message: messageOf(thrown), user, follows, stack };
}

/** The error that was sent, of its class again. */
export function receivedError({ message, user, follows, stack }: SentError): Error {
  if (follows) return new Follows(message);
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
