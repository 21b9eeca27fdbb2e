import type { Digest } from '../model/digest.ts';
import type { Result } from '../model/result.ts';

/** A text that must be equal, or a regular expression (Go's syntax) from `^` to `$`. */
export type NamedText = { readonly exact: string } | { readonly pattern: string };

/** Who signed the image and every statement that a rule asks for. */
export type PolicySigner =
  /** A public key in PEM form. */
  | { readonly kind: 'key'; readonly pem: string }
  /** A key that cosign asks a service for. */
  | { readonly kind: 'kms'; readonly uri: string }
  | {
      readonly kind: 'identity';
      readonly identity: NamedText;
      readonly issuer: NamedText;
      /** Verified with the user's own trusted root, not with that of the public sigstore. */
      readonly root?: OwnRoot;
    };

/** A sigstore trusted root, and the same by the variables that name its parts to cosign 2. */
export interface OwnRoot {
  readonly json: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** A condition on the predicate: the text at `path` equals, or the list there contains, `text`. */
export interface PredicateCheck {
  readonly path: readonly string[];
  readonly is: 'equal' | 'containing';
  readonly text: string;
}

/** A statement that has to be attached and signed, and what it has to say. */
export interface StatementRule {
  /** Lower-case letters: names the rule inside a policy. */
  readonly name: string;
  /** A URI, as it is signed. */
  readonly predicateType: string;
  readonly checks: readonly PredicateCheck[];
}

/** How the image stores what the signers signed about the digest that a tag points to. */
export interface StoredForms {
  /** A signature under the tag `sha256-HEX.sig`. */
  readonly signatureTag: boolean;
  /** The same of every platform's manifest too. */
  readonly signatureTagOfPlatforms: boolean;
  /** A signature in a sigstore bundle, as a referrer. */
  readonly signatureBundle: boolean;
  /** All statements that the rules ask for, under the tag `sha256-HEX.att`. */
  readonly statementTag: boolean;
  /** All of them in sigstore bundles. */
  readonly statementBundles: boolean;
}

/** An image that verified, and what a policy must say to admit this image and nothing else. */
export interface AdmittedImage {
  /** Host and path in full (`docker.io/library/app`), by the grammar of references. */
  readonly repository: string;
  /** The tag by which the user named it, where one was. */
  readonly tag?: string;
  /** The index or manifest that was verified. */
  readonly digest: Digest;
  /** Admits only the digest that the user named; else whatever signers sign in the repository. */
  readonly isPinned: boolean;
  /** Each of them alone is enough. */
  readonly signers: readonly [PolicySigner, ...PolicySigner[]];
  readonly rules: readonly StatementRule[];
  readonly forms: StoredForms;
  /** Repositories that hold copies under another name. */
  readonly mirrors: readonly string[];
}

/** A file of a policy; `name` is a path below the folder that the user names. */
export interface PolicyFile {
  readonly name: string;
  readonly text: string;
}

/** Writes a policy for one engine; the error says why it cannot admit this image and no other. */
export type PolicyFormat = (image: AdmittedImage) => Result<readonly PolicyFile[]>;
