import type { ScannedHeader } from '@consilium/dicom';
import type { ErrorCode, ErrorDetail } from '@consilium/errors';
import type { AnnotatedPictures, AnnotationQuestion, AnnotationSummary } from './annotate-pictures.js';
import type { DecodedFile } from './decoded-file.js';
import type { FileDescription, ShownPicture, WantedPictures } from './describe-file.js';

/** What a decoding thread is asked for; it opens the file itself. */
export type DecodeJob =
  | { readonly kind: 'decode'; readonly path: string; readonly searchText: boolean }
  | { readonly kind: 'scan'; readonly path: string }
  | { readonly kind: 'summarize'; readonly path: string }
  | { readonly kind: 'annotate'; readonly question: AnnotationQuestion }
  | { readonly kind: 'describe'; readonly path: string; readonly pictures: WantedPictures };

export type DecodeAnswer =
  | { readonly kind: 'decoded'; readonly file: DecodedFile }
  | { readonly kind: 'scanned'; readonly scanned: ScannedHeader }
  | { readonly kind: 'summarized'; readonly summary: AnnotationSummary }
  | { readonly kind: 'annotated'; readonly annotated: AnnotatedPictures }
  | { readonly kind: 'described'; readonly description: FileDescription; readonly pictures: readonly ShownPicture[] };

/** `begun` comes when the thread takes up a job, so that the time it needs to start is not the file's. `isSpent`: the thread's codecs may be damaged or have taken much memory; it must not be used again. */
export type FromThread =
  | { readonly kind: 'begun' }
  | { readonly kind: 'answer'; readonly answer: DecodeAnswer; readonly isSpent: boolean }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly detail: ErrorDetail; readonly isSpent: boolean };
