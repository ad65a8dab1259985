import { MOST_PROPOSALS, type Proposal } from './associate.js';
import { isStorageClass, TRANSFER_SYNTAXES } from './transfer-syntaxes.js';

const IMAGES = '1.2.840.10008.5.1.4.1.1';

/** For a PACS that does not say of what class its instances are: the more common first. */
const COMMON_CLASSES = [
  `${IMAGES}.2`, // CT
  `${IMAGES}.4`, // MR
  `${IMAGES}.1`, // CR
  `${IMAGES}.1.1`, // digital X-ray, for presentation
  `${IMAGES}.1.2`, // mammography, for presentation
  `${IMAGES}.7`, // secondary capture
  `${IMAGES}.6.1`, // ultrasound
  `${IMAGES}.3.1`, // ultrasound, multi-frame
  `${IMAGES}.128`, // PET
  `${IMAGES}.66.4`, // segmentation
  `${IMAGES}.20`, // nuclear medicine
  `${IMAGES}.12.1`, // angiography
  `${IMAGES}.12.2`, // fluoroscopy
  `${IMAGES}.2.1`, // enhanced CT
  `${IMAGES}.4.1`, // enhanced MR
  `${IMAGES}.130`, // enhanced PET
  `${IMAGES}.12.1.1`, // enhanced angiography
  `${IMAGES}.13.1.3`, // tomosynthesis
  `${IMAGES}.1.1.1`, // digital X-ray, for processing
  `${IMAGES}.1.2.1`, // mammography, for processing
  `${IMAGES}.7.2`, // secondary capture, 8 bits, multi-frame
  `${IMAGES}.7.3`, // secondary capture, 16 bits, multi-frame
  `${IMAGES}.7.4`, // secondary capture, colour, multi-frame
  `${IMAGES}.481.3`, // RT structure set
  `${IMAGES}.88.22`, // enhanced structured report
  `${IMAGES}.88.33`, // comprehensive structured report
  `${IMAGES}.77.1.1`, // endoscopy
  `${IMAGES}.77.1.4`, // photography
  `${IMAGES}.77.1.6`, // whole slide
  `${IMAGES}.77.1.5.1`, // ophthalmic photography
  `${IMAGES}.77.1.5.4`, // ophthalmic tomography
];

/** What is left of the identifiers beside the two of the query. */
const ROOM = MOST_PROPOSALS - 2;

/**
 * The contexts by which a PACS may send objects of some classes: one for each class and transfer syntax. `isSecondTry`: where
 * classes are unknown, fewer of them with more syntaxes.
 */
export function storageProposals(classesFound: readonly string[], isSecondTry: boolean): Proposal[] {
  const known = [...new Set(classesFound)].filter(isStorageClass);
  const classes = known.length > 0 ? known : isSecondTry ? COMMON_CLASSES.slice(0, 6) : COMMON_CLASSES;
  const all = TRANSFER_SYNTAXES.flatMap((syntax) =>
    classes.map((uid) => ({ abstractSyntaxUid: uid, transferSyntaxUids: [syntax], areWeStoring: true })),
  );
  return all.slice(0, ROOM);
}
