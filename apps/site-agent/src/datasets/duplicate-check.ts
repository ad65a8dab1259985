import type { DatasetIndex, StoredPixels } from './dataset-index.js';
import type { StoredPicture } from './image.js';

/**
 * Knows a picture that was there before: the same object, or the same pixels under another identifier. Both would count a
 * patient's film twice. Holds two short texts a picture, no pixels.
 */
export class DuplicateCheck {
  private readonly seen = new Set<string>();

  constructor(base: DatasetIndex | undefined) {
    for (const { id, rows, columns, image } of base?.examples ?? []) {
      this.seen.add(objectKey(id.split('-')[0]!));
      if (!id.includes('-')) this.seen.add(pixelKey(rows, columns, [image]));
    }
  }

  isNew({ header, rows, columns, frames }: StoredPicture): boolean {
    const keys = [
      objectKey(header.instance),
      pixelKey(
        rows,
        columns,
        frames.map(({ image }) => image),
      ),
    ];
    if (keys.some((key) => this.seen.has(key))) return false;
    for (const key of keys) this.seen.add(key);
    return true;
  }
}

function objectKey(instance: string): string {
  return `object ${instance}`;
}

function pixelKey(rows: number, columns: number, frames: readonly StoredPixels[]): string {
  const parts = frames.map((image) => `${image.kind === 'uint16' ? image.offset : 'f'} ${image.digest.slice(0, 32)}`);
  // Of many frames the first and the last tell as much, with their number.
  return `${rows} ${columns} ${parts.length} ${parts[0]} ${parts.at(-1)}`;
}
