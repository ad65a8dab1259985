export { htmlText, jsonLines, printable } from './printable.js';

/** What a caller should do next. Retry code looks at the kind, never at the message. */
export type ErrorKind =
  | 'invalid' // the input is wrong; sending it again cannot help
  | 'conflict' // the world moved on; refresh, then decide
  | 'denied' // not allowed by identity or by site policy
  | 'missing' // no such thing
  | 'exhausted' // a budget, a quota or the memory is used up
  | 'unavailable' // nothing happened; safe to retry
  | 'ambiguous' // it may have happened; retry only with the same update id
  | 'corrupt' // integrity broken; stop and tell a person
  | 'bug';

/** One row per code: the whole contract of an error in one table. */
export const ERRORS = {
  // plans
  PLAN_INVALID: { kind: 'invalid', say: 'The plan is not valid.' },
  PLAN_HASH_MISMATCH: { kind: 'corrupt', say: 'The plan is not the one that its hash names.' },
  MODEL_TOO_LARGE: { kind: 'invalid', say: 'The model of the plan has more parameters than are taken here.' },
  PLAN_NOT_FOUND: { kind: 'missing', say: 'There is no such plan.' },
  // runs and rounds
  RUN_NOT_FOUND: { kind: 'missing', say: 'There is no such run.' },
  RUN_EVENT_NOT_ALLOWED: { kind: 'conflict', say: 'The run is not in a state that allows this.' },
  ROUND_NOT_FOUND: { kind: 'missing', say: 'There is no such round.' },
  ROUND_EVENT_NOT_ALLOWED: { kind: 'conflict', say: 'The round is not in a state that allows this.' },
  PARTICIPATION_EVENT_NOT_ALLOWED: { kind: 'conflict', say: 'The participation is not in a state that allows this.' },
  QUORUM_NOT_MET: { kind: 'conflict', say: 'Too few sites delivered an update.' },
  SITE_NOT_IN_COHORT: { kind: 'denied', say: 'This site does not take part in this round.' },
  // sites
  SITE_UNKNOWN: { kind: 'denied', say: 'The certificate does not name a site of this federation.' },
  SITE_RUNNING_TWICE: { kind: 'conflict', say: 'A newer agent of this site is connected; this one stops.' },
  SITE_NOT_FOUND: { kind: 'missing', say: 'There is no such site.' },
  COORDINATOR_LOG_BEHIND: {
    kind: 'corrupt',
    say: "The coordinator's log is behind a receipt of this site: it was restored from a backup.",
  },
  SITE_WITHDREW: { kind: 'conflict', say: 'The site has withdrawn from the run.' },
  CERTIFICATE_OF_ANOTHER: {
    kind: 'denied',
    say: 'The certificate is of another site or federation than the settings name; nothing was changed.',
  },
  PLAN_CONFLICT: {
    kind: 'conflict',
    say: 'This site has answered another plan under this run; a run keeps the plan that was answered.',
  },
  RECEIPT_CONFLICT: { kind: 'corrupt', say: 'The coordinator gave another receipt for what it had confirmed before.' },
  TRAINING_REFUSED: { kind: 'denied', say: "By the site's own count, the plan does not ask for this training." },
  EVALUATION_REFUSED: { kind: 'denied', say: "By the site's own count, the plan does not ask for this evaluation." },
  BACKUP_PASSPHRASE_WRONG: { kind: 'denied', say: 'The passphrase does not open this backup.' },
  BACKUP_CORRUPT: { kind: 'corrupt', say: 'The file is no whole backup of a site; nothing was changed.' },
  RESTORE_REFUSED: { kind: 'conflict', say: 'The folder holds a site already; nothing was changed.' },
  // updates and weights
  LAYOUT_INVALID: { kind: 'invalid', say: 'The layout of the model is not valid.' },
  MANIFEST_INVALID: { kind: 'invalid', say: 'The manifest does not fit the layout.' },
  MODEL_NOT_FOUND: { kind: 'missing', say: 'There is no such model.' },
  UPDATE_LAYOUT_MISMATCH: { kind: 'invalid', say: 'The update does not have the shape of the global model.' },
  UPDATE_NOT_FINITE: { kind: 'invalid', say: 'The update holds NaN or infinite values.' },
  UPDATE_TOO_LARGE: { kind: 'invalid', say: 'The norm of the update is beyond what the plan allows.' },
  UPDATE_BASE_MISMATCH: {
    kind: 'invalid',
    say: 'The update was trained from another model than this round began with.',
  },
  UPDATE_COUNT_MISMATCH: {
    kind: 'invalid',
    say: 'The update was trained on another number of examples than this site accepted with.',
  },
  UPDATE_COUNT_INVALID: {
    kind: 'invalid',
    say: 'The update states a number of examples that no dataset can have.',
  },
  UPDATE_CONFLICT: { kind: 'conflict', say: 'This site has delivered another update for this round.' },
  UPDATE_INCOMPLETE: { kind: 'conflict', say: 'Some chunks of the update have not arrived.' },
  UPDATE_LATE: { kind: 'conflict', say: 'The round no longer takes updates.' },
  EVALUATION_NOT_FOUND: { kind: 'missing', say: 'There is no such evaluation.' },
  EVALUATION_INVALID: { kind: 'invalid', say: 'The statistics do not fit the plan.' },
  EVALUATION_CONFLICT: { kind: 'conflict', say: 'This site has delivered other statistics for this evaluation.' },
  EVALUATION_LATE: { kind: 'conflict', say: 'Nobody waits for this evaluation any more.' },
  CHUNK_NOT_AVAILABLE: { kind: 'missing', say: 'This chunk is not available to this site.' },
  CHUNK_CORRUPT: { kind: 'corrupt', say: 'The bytes of a chunk do not have its digest.' },
  UPLOAD_QUOTA_EXCEEDED: { kind: 'exhausted', say: 'The upload is larger than this round allows.' },
  SAFETENSORS_INVALID: { kind: 'invalid', say: 'The file is not a valid safetensors file.' },
  MODEL_VARIANCE_INVALID: { kind: 'invalid', say: 'A running variance of the model is negative, or no number.' },
  CANDIDATE_NOT_FINITE: { kind: 'corrupt', say: 'The aggregated model holds NaN or infinite values.' },
  // datasets and DICOM
  DATASET_NOT_FOUND: { kind: 'missing', say: 'There is no such dataset.' },
  DATASET_COUNT_MISMATCH: {
    kind: 'invalid',
    say: 'The site names a dataset version, or more examples of it, than it told of when it connected.',
  },
  DATASET_EMPTY: { kind: 'invalid', say: 'No usable example was found.' },
  DATASET_SPLIT_EMPTY: { kind: 'invalid', say: 'A part of the split (train, validation or test) would be empty.' },
  DATASET_CORRUPT: { kind: 'corrupt', say: 'A file of the dataset does not have its digest.' },
  DATASET_IN_USE: { kind: 'conflict', say: 'Runs under way use the dataset; nothing was changed.' },
  DATASET_UNSUITABLE: { kind: 'invalid', say: 'The dataset does not have what the plan asks for.' },
  LABEL_TABLE_INVALID: { kind: 'invalid', say: 'The label table cannot be read.' },
  DICOM_NOT_DICOM: { kind: 'invalid', say: 'The file is not DICOM.' },
  DICOM_TRUNCATED: { kind: 'invalid', say: 'The DICOM file ends too early.' },
  DICOM_UNSUPPORTED: { kind: 'invalid', say: 'The DICOM file is of a kind that is not read yet.' },
  DICOM_NO_PIXELS: { kind: 'invalid', say: 'The DICOM file holds no picture.' },
  DICOM_INVALID: { kind: 'invalid', say: 'The DICOM file contradicts itself.' },
  ANNOTATION_CONTRADICTORY: { kind: 'invalid', say: 'The annotations of one image contradict each other.' },
  ANNOTATION_READINGS_DIFFER: { kind: 'invalid', say: 'Two label objects mark one structure of an image differently.' },
  ANNOTATION_STRUCTURE_UNCHOSEN: {
    kind: 'invalid',
    say: 'A mask is of one structure, and the label objects mark others.',
  },
  DICOM_CODESTREAM_INVALID: { kind: 'invalid', say: 'The compressed picture in the DICOM file cannot be decoded.' },
  DICOM_TOO_LARGE: { kind: 'invalid', say: 'The DICOM file is larger than what is read.' },
  DICOM_UNREADABLE: { kind: 'missing', say: 'The file is not there or cannot be read from the disk.' },
  DICOM_TIMEOUT: { kind: 'invalid', say: 'Decoding the DICOM file took too long.' },
  DEIDENTIFICATION_POLICY_INVALID: { kind: 'invalid', say: 'The de-identification policy is not valid.' },
  PSEUDONYM_MAP_CORRUPT: {
    kind: 'corrupt',
    say: 'The pseudonym map cannot be read: another key, or changed from outside.',
  },
  PACS_NOT_CONFIGURED: { kind: 'missing', say: 'site.json names no such PACS.' },
  PACS_ADDRESS_DENIED: { kind: 'denied', say: 'The address of the PACS is one that this agent does not dial.' },
  PACS_UNREACHABLE: { kind: 'unavailable', say: 'The PACS does not answer, or broke off.' },
  PACS_DENIED: { kind: 'denied', say: 'The PACS refuses this site: credentials, certificate or AE title.' },
  PACS_REFUSED: { kind: 'conflict', say: 'The PACS cannot do what was asked of it.' },
  PACS_ANSWER_INVALID: { kind: 'invalid', say: 'The PACS answered with something that is not DICOM.' },
  PACS_INCOMPLETE: { kind: 'unavailable', say: 'Some instances did not arrive; the next try goes on where it ended.' },
  MASK_IN_ALPHA: { kind: 'invalid', say: 'Only the transparency of the mask says anything.' },
  MASK_MANY_VALUED: { kind: 'invalid', say: 'The mask has several values beside zero.' },
  MASK_INVALID: { kind: 'invalid', say: 'The mask cannot be read.' },
  MASK_SIZE_MISMATCH: { kind: 'invalid', say: 'The mask does not have the size of its image.' },
  // engine and training
  BACK_END_UNAVAILABLE: { kind: 'unavailable', say: 'The training engine does not work on this machine.' },
  ENGINE_INSTALLATION_CORRUPT: { kind: 'corrupt', say: 'The installation of the training engine is damaged.' },
  ENGINE_DISTRIBUTION_MISSING: {
    kind: 'missing',
    say: 'A file that the training engine is installed from was not found.',
  },
  ENGINE_DISTRIBUTION_CORRUPT: {
    kind: 'corrupt',
    say: 'A file that the training engine is installed from is damaged or not the expected one; nothing was installed.',
  },
  ENGINE_DISTRIBUTION_UNVERIFIED: {
    kind: 'denied',
    say: 'Nothing vouches for a file that the training engine would be installed from; nothing was installed.',
  },
  ENGINE_INSTALL_FAILED: {
    kind: 'unavailable',
    say: 'The training engine could not be installed; nothing was left half done.',
  },
  ENGINE_DOWNLOAD_FAILED: { kind: 'unavailable', say: 'A download broke off; the next try goes on where it ended.' },
  KERNEL_UNSUPPORTED: { kind: 'invalid', say: 'The training engine cannot run this operation.' },
  MODEL_SPEC_INVALID: { kind: 'invalid', say: 'The model cannot be built as the plan describes it.' },
  TRAINING_DIVERGED: { kind: 'invalid', say: 'The training diverged: the loss is not a number.' },
  TRAINER_FAILED: { kind: 'unavailable', say: 'The training process ended before it had finished.' },
  ENGINE_CRASHED: { kind: 'unavailable', say: 'The training engine crashed; the agent goes on without it.' },
  DEVICE_LOST: { kind: 'unavailable', say: 'The graphics processor stopped working during the training.' },
  MEMORY_EXHAUSTED: { kind: 'exhausted', say: 'The training needs more memory than there is.' },
  PLAN_TOO_LARGE: {
    kind: 'exhausted',
    say: 'The model, image and batch of the plan need more memory than this site has.',
  },
  STOPPED: { kind: 'conflict', say: 'The work was stopped.' },
  // audit
  AUDIT_ENTRY_INVALID: { kind: 'invalid', say: 'The audit entry is not canonical.' },
  AUDIT_ROOT_MISMATCH: { kind: 'corrupt', say: 'The audit log does not match its checkpoint.' },
  // platform
  CONFIG_INVALID: { kind: 'invalid', say: 'The configuration is not valid.' },
  MIGRATION_MISMATCH: { kind: 'corrupt', say: 'A migration of the database was changed after it had been applied.' },
  NOT_SIGNED_IN: { kind: 'denied', say: 'This needs the access token.' },
  REQUEST_INVALID: { kind: 'invalid', say: 'The request is not valid.' },
  NOT_FOUND: { kind: 'missing', say: 'There is nothing here.' },
  DATABASE_UNAVAILABLE: { kind: 'unavailable', say: 'The database does not answer.' },
  COORDINATOR_UNREACHABLE: { kind: 'unavailable', say: 'The coordinator does not answer.' },
  RATE_LIMITED: {
    kind: 'unavailable',
    say: 'This site calls more often than the coordinator allows; it calls again after the time that the answer names.',
  },
  ANSWER_LOST: { kind: 'ambiguous', say: 'The connection broke before the answer came.' },
  CERTIFICATE_EXPIRED: {
    kind: 'invalid',
    say: 'The certificate has expired: ask the operator of the coordinator for a new one (`consilium site certificate`).',
  },
  COORDINATOR_CERTIFICATE_EXPIRED: {
    kind: 'unavailable',
    say: "The coordinator's certificate has expired: `consilium up` renews it when its operator starts it again.",
  },
  CERTIFICATE_INVALID: { kind: 'invalid', say: 'The certificate cannot be used.' },
  ALREADY_RUNNING: { kind: 'conflict', say: 'It is already running.' },
  FOLDER_IN_USE: { kind: 'conflict', say: 'The folder holds something else already; nothing was changed.' },
  NOT_RUNNING: { kind: 'missing', say: 'It is not running.' },
  ADDRESS_IN_USE: { kind: 'unavailable', say: 'The address cannot be listened on; another program may be using it.' },
  POSTGRES_MISSING: {
    kind: 'missing',
    say: 'There is no PostgreSQL server for this machine among the installed packages.',
  },
  POSTGRES_FAILED: { kind: 'unavailable', say: 'The PostgreSQL server does not start.' },
  DISK_FULL: { kind: 'exhausted', say: 'The disk is full.' },
  COORDINATOR_DISK_FULL: { kind: 'unavailable', say: "The coordinator's disk is full; the site tries again." },
  INTERNAL: { kind: 'bug', say: 'Something went wrong inside Consilium; the local log has the details.' },
} as const satisfies Record<string, { kind: ErrorKind; say: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** Small facts for the local log and the operator; never a patient's name, a UID, a path or a pixel. */
export type ErrorDetail = Readonly<Record<string, string | number>>;

/**
 * The only error class thrown across a package border.
 * `detail` is for logs on the machine that threw it. It never goes on the wire and never names a patient.
 */
export class ConsiliumError extends Error {
  override readonly name = 'ConsiliumError';
  constructor(
    readonly code: ErrorCode,
    readonly detail: ErrorDetail = {},
    cause?: unknown,
  ) {
    super(ERRORS[code].say, cause === undefined ? undefined : { cause });
  }
  get kind(): ErrorKind {
    return ERRORS[this.code].kind;
  }
}

/** True for an error of ours, whatever copy of this package made it (a child process, say, sends codes, not classes). */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value);
}

/** The code of an error: its own if it is ours, INTERNAL otherwise. */
export function errorCode(error: unknown): ErrorCode {
  return error instanceof ConsiliumError ? error.code : 'INTERNAL';
}
