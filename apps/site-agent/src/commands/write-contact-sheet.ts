import { writeDurably } from '@consilium/durability';
import { contactSheetOf } from '../datasets/contact-sheet.js';
import type { DatasetStore } from '../datasets/dataset-store.js';
import type { SiteFolder } from '../platform/site-folder.js';
import { reportPath } from './dataset-place.js';

/** Beside the report of the dataset; answers where. Errors  DATASET_CORRUPT, DISK_FULL. */
export async function writeContactSheet(
  folder: SiteFolder,
  name: string,
  version: string,
  store: DatasetStore,
): Promise<string> {
  const path = reportPath(folder, name, 'png');
  await writeDurably(path, [await contactSheetOf(await store.load(version), store.blobs)]);
  return path;
}
