import { ConsiliumError, ERRORS, type ErrorCode, type ErrorKind, errorCode } from '@consilium/errors';

/** What an administrator does next, where the code says more than its kind. */
const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  ALREADY_RUNNING:
    'An agent or another command works on this folder: look with `consilium site status`, and wait for it or stop it.',
  CONFIG_INVALID: 'Correct what is named above and start again.',
  CERTIFICATE_INVALID: 'Check tls/ca.pem, tls/site.pem and tls/site.key against the ones that the federation gave you.',
  CERTIFICATE_EXPIRED:
    'Ask the operator for what `consilium site certificate` makes, and put its tls/ in the place of this one: datasets stay.',
  CERTIFICATE_OF_ANOTHER:
    'Put the tls/ of this site into its folder, or correct site.json: two folders have been mixed up.',
  BACKUP_PASSPHRASE_WRONG: 'Look for the passphrase that this backup was made with; nothing else opens it.',
  BACKUP_CORRUPT: 'Copy the file again from where it is kept, or take an older backup.',
  RESTORE_REFUSED: 'Restore into a new folder, and keep this one as it is.',
  SITE_UNKNOWN: 'Ask the coordinator whether this site and its certificate belong to the federation.',
  SITE_RUNNING_TWICE: 'Find out where the other agent of this site runs, and keep only one of the two.',
  COORDINATOR_LOG_BEHIND:
    'Do not go on. Ask the people of the coordinator why their log has lost entries; keep this folder as it is.',
  DATASET_SPLIT_EMPTY:
    'The report on standard output says what became of each file. Add patients, or put them into parts with a column `split` or `fold` in the label table.',
  DATASET_EMPTY: 'The report on standard output says of each file why it was set aside, and what would let it in.',
  DATASET_IN_USE:
    'Do it when these runs have ended, or with --withdraw: then this site leaves them for good, and the coordinator is told.',
  DATASET_NOT_FOUND: 'See what there is with `consilium site dataset list`.',
  LABEL_TABLE_INVALID:
    'Correct the label table; `consilium site dataset template --from FOLDER` writes one to fill in.',
  DEIDENTIFICATION_POLICY_INVALID: 'Correct the policy file; `consilium dicom deidentify --help` names the command.',
  PSEUDONYM_MAP_CORRUPT:
    'Put back the pseudonym.key that this site had; if it was never changed, pseudonyms.sqlite from a backup of the site.',
  DISK_FULL: 'Free space on the disk of the site folder; nothing that was confirmed is lost.',
  PACS_NOT_CONFIGURED:
    'See the names with `consilium site pacs list`; a PACS is added to site.json by its administrator.',
  PACS_ADDRESS_DENIED:
    'An address on this machine needs "allowLoopback" in its entry of site.json, plain http needs "allowPlainHttp".',
  PACS_UNREACHABLE: 'Look with `consilium site pacs check`; what has arrived is kept, so start the same command again.',
  PACS_DENIED:
    'Ask the administrator of the PACS whether it knows this AE title, these credentials or this certificate.',
  PACS_INCOMPLETE: 'Start the same command again: only what is missing is asked for.',
  DEVICE_LOST: 'Look into the log of the graphics driver; `consilium doctor` shows whether the device works again.',
  ENGINE_CRASHED:
    'It is tried again in a fresh process; if it comes back, `consilium doctor` shows which back ends work here.',
  MODEL_TOO_LARGE: 'Ask for a plan with a smaller model, or raise "maximumParameters" in site.json.',
  PLAN_TOO_LARGE: 'Ask for a plan with what fits, named above, or take part with a machine that has more memory.',
  MEMORY_EXHAUSTED: 'Give this machine more memory, or ask for a plan with smaller batches.',
};

const ADVICE_OF_KIND: Readonly<Record<ErrorKind, string>> = {
  invalid: 'Correct the input and try again.',
  conflict: 'Look at the present state, then decide.',
  denied: 'Ask the operator of the federation.',
  missing: 'Check the name.',
  exhausted: 'Free what is used up, or ask the operator.',
  unavailable: 'Try again later.',
  ambiguous: 'Try again: it may have been done, and doing it twice is harmless.',
  corrupt: 'Stop, keep everything as it is, and tell the operator.',
  bug: 'Please report this with the lines of the log around it.',
};

/** Code, sentence, particulars, and what to do, for standard error. */
export function explain(error: unknown): string[] {
  const code = errorCode(error);
  const { say, kind } = ERRORS[code];
  const lines = [`${code}: ${say}`];
  if (error instanceof ConsiliumError) {
    const { problem, ...others } = error.detail;
    if (problem !== undefined)
      lines.push(
        ...String(problem)
          .split('; ')
          .map((text) => `  ${text}`),
      );
    const rest = Object.entries(others).map(([name, value]) => `${name} ${value}`);
    if (rest.length > 0) lines.push(`  ${rest.join(', ')}`);
  } else if (error instanceof Error)
    lines.push(...(error.stack ?? error.message).split('\n').map((line) => `  ${line}`));
  lines.push(`What to do: ${ADVICE[code] ?? ADVICE_OF_KIND[kind]}`);
  return lines;
}

const FAILED = 1;
const WRONG_USE = 2;

export function exitCodeOf(error: unknown): number {
  const code = errorCode(error);
  return code === 'CONFIG_INVALID' || code === 'REQUEST_INVALID' ? WRONG_USE : FAILED;
}
