export { type DeidentifiedHeader, deidentify, type Pseudonym, type Sex } from './deidentify.js';
export { toGrey } from './grey.js';
export type { DicomHeader } from './header.js';
export { DICOM_LIMITS, TRANSFER_SYNTAX } from './parse.js';
export { type DicomImage, type Photometric, readImage } from './read-image.js';
export { uidFromName } from './uid.js';
export { CR_IMAGE_STORAGE, type WriteImageFields, writeImage } from './write-image.js';
