import { ConsiliumError } from '@consilium/errors';
import { type Manifest, manifestDigest } from '@consilium/tensors';

/** The bytes of one upload that lie on the disk: never more than its manifest has, however many streams bring them. */
export class UploadQuota {
  readonly manifestDigest: string;
  /** What lay there already has been taken: only then may more come. */
  isCounted = false;
  private readonly bytes: number;
  private taken = 0;

  constructor(manifest: Manifest) {
    this.manifestDigest = manifestDigest(manifest);
    this.bytes = manifest.bytes;
  }

  /** Errors  UPLOAD_QUOTA_EXCEEDED, before a byte is written. */
  take(bytes: number): void {
    if (this.taken + bytes > this.bytes)
      throw new ConsiliumError('UPLOAD_QUOTA_EXCEEDED', { taken: this.taken, bytes, most: this.bytes });
    this.taken += bytes;
  }

  /** What was taken has left the disk again. */
  giveBack(bytes: number): void {
    this.taken -= bytes;
  }
}
