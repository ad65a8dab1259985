export { type ContactSheetPicture, contactSheet } from './contact-sheet.js';
export { FILM_PLANS, type FilmPlan, type FilmPlanName } from './films/film-plans.js';
export { type FilmOrder, type WrappedSite, wrapFilms } from './films/wrap-films.js';
export { type LabelRow, labelTable, parseCsv } from './label-table.js';
export { DEFECTS } from './phantom/defects.js';
export { CLASSIFICATION_DIFFICULTY, SEGMENTATION_DIFFICULTY } from './phantom/difficulty.js';
export { PHANTOM_LABELS, type PhantomLabel, type PhantomTask } from './phantom/film.js';
export { type Protocol, SITE_PROFILES, type SiteProfile, siteProfile } from './phantom/site-profiles.js';
export { type PhantomSite, type PhantomSiteOrder, writePhantomSite } from './phantom/write-phantom-site.js';
