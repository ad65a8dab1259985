/** A row of the pack's manifest, as text. */
export type ManifestRow = Readonly<Record<string, string>>;

/** What a plan takes from the acceptance pack: which manifest, and what a film's label is. The pack itself says which hospitals. */
export interface FilmPlan {
  /** Folder and manifest inside the data directory; the paths in the manifest are relative to the folder. */
  readonly folder: string;
  /** The classes in the order of a plan; the last one is the finding. Empty for segmentation. */
  readonly classes: readonly string[];
  /** Name of the film's class, '' for segmentation; undefined leaves the film out. */
  readonly label: (row: ManifestRow) => string | undefined;
}

export type FilmPlanName = 'lung-segmentation' | 'tuberculosis' | 'abnormal' | 'sex';

function binary(column: string, names: readonly [string, string]): FilmPlan['label'] {
  return (row) => (row[column] === '0' ? names[0] : row[column] === '1' ? names[1] : undefined);
}

export const FILM_PLANS: Readonly<Record<FilmPlanName, FilmPlan>> = {
  'lung-segmentation': {
    folder: 'seg/lung',
    classes: [],
    label: () => '',
  },
  tuberculosis: {
    folder: 'cxr',
    classes: ['normal', 'tuberculosis'],
    label: binary('label_tb', ['normal', 'tuberculosis']),
  },
  abnormal: {
    folder: 'cxr',
    classes: ['normal', 'abnormal'],
    label: binary('label_abnormal', ['normal', 'abnormal']),
  },
  sex: {
    folder: 'cxr',
    classes: ['female', 'male'],
    label: (row) => (row.sex === 'F' ? 'female' : row.sex === 'M' ? 'male' : undefined),
  },
};
