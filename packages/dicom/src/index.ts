export type {
  AnnotatedImage,
  AnnotationPart,
  Annotations,
  Finding,
  InstanceReference,
  Placing,
  Structure,
} from './annotations/annotations.js';
export { isInSlice, NAMED_PLANE_TOLERANCE_MM, type SlicePlane } from './annotations/geometry.js';
export {
  type AnnotationChoice,
  type AnnotationSource,
  NO_STRUCTURE_LABEL,
  openAnnotations,
  structureKey,
} from './annotations/open-annotations.js';
export { isAnnotationClass, readAnnotations } from './annotations/read-annotations.js';
export {
  type BurnedInFacts,
  type BurnedInVerdict,
  burnedInVerdict,
  readBurnedInFacts,
} from './deidentification/burned-in.js';
export { type DeidentifiedHeader, deidentify, type Sex } from './deidentification/deidentify.js';
export type { DeidentifyOptions } from './deidentification/deidentify-elements.js';
export { type DeidentifiedFile, deidentifyFile } from './deidentification/deidentify-file.js';
export type { ElementChange, Outcome } from './deidentification/element-change.js';
export { type Pseudonym, pseudonymousUid } from './deidentification/keyed.js';
export { nativePictures } from './deidentification/native-pictures.js';
export { DEFAULT_POLICY, type DeidentificationPolicy, parsePolicy } from './deidentification/policy.js';
export { attributeName } from './deidentification/profile-table.js';
export { type PseudonymLink, pseudonymLinks } from './deidentification/pseudonym-links.js';
export { findTextRegions, type GreyPicture, type TextRegion } from './deidentification/text-detector.js';
export { type Acquisition, DIMENSIONS, type Dimension } from './geometry/acquisition.js';
export { type CutPicture, cutAcross, type SliceLines } from './geometry/cut-volume.js';
export {
  type GeometryFinding,
  geometrySentence,
  type SeriesFinding,
  type StackFinding,
} from './geometry/geometry-findings.js';
export { type Apart, apartInSeries, type PictureKind } from './geometry/picture-kind.js';
export type { Slice, SlicePlace } from './geometry/slice.js';
export { type SeriesGeometry, type SliceStack, stackSlices } from './geometry/stack-slices.js';
export type { Vector } from './geometry/vectors.js';
export { decodeText } from './parsing/character-sets.js';
export type { DicomHeader } from './parsing/header.js';
export { DICOM_LIMITS } from './parsing/parse.js';
export { type DicomElement, type DicomElements, type DicomTree, readElements } from './parsing/read-elements.js';
export { type ScannedHeader, scanHeader } from './parsing/scan-header.js';
export { type Encoding, TRANSFER_SYNTAX, type TransferSyntax, transferSyntaxOf } from './parsing/transfer-syntaxes.js';
export { type Codecs, loadCodecs } from './pixels/codecs.js';
export type { VoiWindow } from './pixels/frame-attributes.js';
export type { Photometric, PixelFormat } from './pixels/pixel-format.js';
export { type DicomFrame, type DicomImage, type OpenImage, openImage, readImage } from './pixels/read-image.js';
export type { StoredValues } from './pixels/stored-values.js';
export { type ContactSheetPicture, type DrawnSheet, drawContactSheet } from './rendering/contact-sheet.js';
export { PICTURE_REMARKS, type PictureRemark } from './rendering/picture-remarks.js';
export { type SmallGrey, toSmallGrey } from './rendering/shrink.js';
export type { LookupTable, Palette } from './rendering/tables.js';
export { type DisplayPicture, toDisplay } from './rendering/to-display.js';
export { greyWithRemarks, type RemarkedGrey, toGrey } from './rendering/to-grey.js';
export { CODES, type Code } from './writing/codes.js';
export { type AttributeValue, type DataSet, type EncapsulatedPixels, writeDataSet } from './writing/data-set.js';
export { type Contour, maskContours } from './writing/mask-contours.js';
export { packStored } from './writing/pack-stored.js';
export type { EquipmentFacts, ImagePlane, SourceSeries, StudyFacts } from './writing/study-modules.js';
export { uidFromName } from './writing/uid.js';
export { type WriteElementsFields, writeElements } from './writing/write-elements.js';
export {
  ENHANCED_CT_IMAGE_STORAGE,
  type EnhancedCtFields,
  type EnhancedFrame,
  enhancedCtDataSet,
  writeEnhancedCt,
} from './writing/write-enhanced-ct.js';
export { CR_IMAGE_STORAGE, type WriteImageFields, writeImage } from './writing/write-image.js';
export { RT_STRUCTURE_SET_STORAGE, type StructureSetFields, writeStructureSet } from './writing/write-rtstruct.js';
export {
  type DerivedFields,
  type MaskedStructure,
  SEGMENTATION_STORAGE,
  type SegmentationFields,
  writeSegmentation,
} from './writing/write-seg.js';
export {
  CT_IMAGE_STORAGE,
  MR_IMAGE_STORAGE,
  type SliceFields,
  type SliceSeries,
  sliceDataSet,
  writeSlice,
} from './writing/write-slice.js';
export {
  COMPREHENSIVE_3D_SR_STORAGE,
  type ReportedFinding,
  type ReportFields,
  writeMeasurementReport,
} from './writing/write-sr.js';
