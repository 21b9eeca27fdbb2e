import type { Shape } from '../formats/json-shape.ts';

/* What hangs on an image, as cosign, notation and other verifiers decode it. */

/** DSSE, envelope.md. */
export const ENVELOPE: Shape = {
  struct: {
    payloadType: 'text',
    payload: 'text',
    signatures: { list: { struct: { keyid: 'text', sig: 'text' } } },
  },
};

/** protobuf-specs, sigstore_bundle.proto. */
export const BUNDLE: Shape = {
  struct: {
    mediaType: 'text',
    verificationMaterial: {
      struct: {
        publicKey: 'any',
        certificate: 'any',
        x509CertificateChain: 'any',
        tlogEntries: 'any',
        timestampVerificationData: 'any',
      },
    },
    dsseEnvelope: ENVELOPE,
    messageSignature: {
      struct: {
        messageDigest: { struct: { algorithm: 'any', digest: 'text' } },
        signature: 'text',
      },
    },
  },
};

/** in-toto attestation, spec/v1/statement.md and resource_descriptor.md. */
export const STATEMENT: Shape = {
  struct: {
    _type: 'text',
    subject: {
      list: {
        struct: {
          name: 'text',
          uri: 'text',
          digest: { map: 'text' },
          content: 'any',
          downloadLocation: 'any',
          mediaType: 'any',
          annotations: 'any',
        },
      },
    },
    predicateType: 'text',
    predicate: 'any',
  },
};

/** sigstore/cosign, specs/SIGNATURE_SPEC.md, "Payload". */
export const SIMPLE_SIGNING: Shape = {
  struct: {
    critical: {
      struct: {
        identity: { struct: { 'docker-reference': 'text' } },
        image: { struct: { 'docker-manifest-digest': 'text' } },
        type: 'text',
      },
    },
    optional: 'any',
  },
};

/** JWS JSON serialization, flattened (RFC 7515, 7.2.2). */
export const JWS: Shape = {
  struct: { payload: 'text', protected: 'text', header: 'any', signature: 'text' },
};

/** notaryproject/specifications, signature-specification.md, "Payload". */
export const NOTATION_PAYLOAD: Shape = {
  struct: {
    targetArtifact: {
      struct: { mediaType: 'text', digest: 'text', size: 'integer', annotations: { map: 'any' } },
    },
  },
};

/** Rekor's entry as cosign keeps it in an annotation. */
export const LOG_ENTRY: Shape = {
  struct: {
    SignedEntryTimestamp: 'text',
    Payload: {
      struct: { body: 'text', integratedTime: 'integer', logIndex: 'integer', logID: 'text' },
    },
  },
};
