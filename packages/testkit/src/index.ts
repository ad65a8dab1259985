export { type BulkOrder, writeBulkFilms } from './bulk/write-bulk-films.js';
export { type ContactSheetPicture, contactSheet } from './contact-sheet.js';
export { FILM_PLANS, type FilmPlan, type FilmPlanName } from './films/film-plans.js';
export { type FilmOrder, type WrappedSite, wrapFilms } from './films/wrap-films.js';
export { type LabelRow, labelTable, parseCsv } from './label-table.js';
export { freePort, Orthanc, type OrthancOptions, type OrthancTls, orthancMissing } from './pacs/orthanc.js';
export { DEFECTS } from './phantom/defects.js';
export { CLASSIFICATION_DIFFICULTY, SEGMENTATION_DIFFICULTY } from './phantom/difficulty.js';
export { PHANTOM_LABELS, type PhantomLabel, type PhantomTask } from './phantom/film.js';
export { type Protocol, SITE_PROFILES, type SiteProfile, siteProfile } from './phantom/site-profiles.js';
export { type PhantomSite, type PhantomSiteOrder, writePhantomSite } from './phantom/write-phantom-site.js';
export { CT_SITE_PROFILES, type CtProtocol, type CtSiteProfile, ctSiteProfile } from './phantom-ct/ct-profiles.js';
export { type CtStudyOrder, takeCtStudy } from './phantom-ct/take-ct-study.js';
export { type CtPhantomSiteOrder, writeCtPhantomSite } from './phantom-ct/write-ct-phantom-site.js';
export { MR_SITE_PROFILES, type MrProtocol, type MrSiteProfile, mrSiteProfile } from './phantom-mr/mr-profiles.js';
export { type MrStudyOrder, takeMrStudy } from './phantom-mr/take-mr-study.js';
export { type MrPhantomSiteOrder, writeMrPhantomSite } from './phantom-mr/write-mr-phantom-site.js';
export { type PhantomVariant, phantomVariants } from './phantom-variants/phantom-variants.js';
export {
  type DefectiveSlice,
  defectiveSeries,
  SERIES_DEFECTS,
  type SeriesDefect,
} from './phantom-volume/defective-series.js';
export { annotateSeries, type SeriesAnnotations } from './phantom-volume/series-annotations.js';
export type { VolumePatient } from './phantom-volume/volume-roster.js';
export type { PhantomSeries, SeenLesion } from './phantom-volume/volume-study.js';
export { CLEAR_LABEL, type VolumeSite } from './phantom-volume/write-volume-site.js';
export { SOURCE_FLAGS } from './source-flags.js';
