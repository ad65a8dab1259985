/** What a picture of a CT, MR or PET series is; undefined where the file does not say, and of every other modality. */
export type PictureKind = 'original' | 'derived' | 'mosaic' | 'projection' | 'screen-save' | 'localizer';

/** What the kind of a picture goes by; texts in capitals. */
export interface PictureKindFacts {
  readonly modality: string;
  readonly sopClassUid: string;
  /** Image Type of the file, or Frame Type of a frame. */
  readonly imageType: readonly string[];
  /** Volume Based Calculation Technique. */
  readonly technique: string;
  /** As Siemens counts them; 0 where the file does not. */
  readonly imagesInMosaic: number;
  /** Lossily compressed, which makes a picture DERIVED and nothing else. */
  readonly isLossy: boolean;
}

/** Films and ultrasound are often DERIVED and nothing else: only sections of a body are judged. */
const SECTIONS: ReadonlySet<string> = new Set(['CT', 'MR', 'PT']);
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';

const LOCALIZER = /^(LOCALI[SZ]ER|SCOUT|TOPOGRAM|SURVIEW)$/;
const SCREEN_SAVE = /SCREEN[ _]?(SAVE|SHOT|CAPTURE|CAP)|^DOSE([ _]?(INFO|REPORT|SUMMARY))?$|PATIENT PROTOCOL|\bPROT$/;
const PROJECTION =
  /^(.*[ _])?(MIP|MINIP|MAXIP|MIDIP|AIP|VRT|SSD|RAYSUM)([ _].*)?$|^PROJECTION( IMAGE)?$|INTENSITY[ _]PROJECTION|^(MAX|MIN|MEAN|MEDIAN|AVG)_IP$|(VOLUME|SURFACE)[ _]?RENDER/;
const REFORMAT = /^(.*[ _])?(MPR|CPR|REFORMAT(TED)?|RESAMPLED)([ _].*)?$/;

/**
 * Goes by what the file says of itself, never by its pixels.
 *
 * Source   DICOM PS3.3 C.7.6.1.1.2 (Image Type), C.8.16.1 (Frame Type, calculation technique); scanners' own words beside them.
 */
export function pictureKind(facts: PictureKindFacts): PictureKind | undefined {
  const { modality, sopClassUid, imageType, technique, imagesInMosaic, isLossy } = facts;
  if (!SECTIONS.has(modality)) return undefined;
  const says = (words: RegExp) => imageType.some((word) => words.test(word));
  if (imageType.includes('MOSAIC') || imagesInMosaic > 1) return 'mosaic';
  if (says(LOCALIZER)) return 'localizer';
  if (says(SCREEN_SAVE)) return 'screen-save';
  if (says(PROJECTION) || PROJECTION.test(technique)) return 'projection';
  const isCapture = sopClassUid === SECONDARY_CAPTURE || sopClassUid.startsWith(`${SECONDARY_CAPTURE}.`);
  if (isCapture || says(REFORMAT) || /MPR$/.test(technique)) return 'derived';
  if (imageType[0] === 'DERIVED') return isLossy ? undefined : 'derived';
  return imageType[0] === 'ORIGINAL' ? 'original' : undefined;
}

/** Why a picture is no slice of its series. */
export type Apart = Exclude<PictureKind, 'original'>;

/**
 * Which pictures of one series are no slices of it, by their numbers: sheets, projections, saved screens and localizers always; what is
 * derived (maps, reformats, subtractions) only beside at least as many original pictures: a series of its own is a series.
 */
export function apartInSeries(kinds: readonly (PictureKind | undefined)[]): Map<number, Apart> {
  const count = (kind: PictureKind) => kinds.filter((own) => own === kind).length;
  const isOriginal = count('original') > 0 && count('original') >= count('derived');
  const apart = new Map<number, Apart>();
  for (const [at, kind] of kinds.entries())
    if (kind !== undefined && kind !== 'original' && (kind !== 'derived' || isOriginal)) apart.set(at, kind);
  return apart;
}
