/** The three texts that an age can be read from, as they stand in a file. */
export interface StatedAge {
  readonly patientAge: string;
  readonly patientBirthDate: string;
  readonly studyDate: string;
}

const YEARS_AT_MOST = 150;

/** Whole or broken years at the study: as stated, else from the dates; undefined if the file does not say or cannot be right. */
export function ageYears({ patientAge, patientBirthDate, studyDate }: StatedAge): number | undefined {
  const years = statedYears(patientAge) ?? yearsBetween(patientBirthDate, studyDate);
  return years === undefined || years > YEARS_AT_MOST ? undefined : years;
}

function statedYears(text: string): number | undefined {
  const match = /^(\d{1,3})([DWMY])$/.exec(text);
  if (match === null) return undefined;
  const perYear = { D: 365.25, W: 52.18, M: 12, Y: 1 }[match[2] as 'D' | 'W' | 'M' | 'Y'];
  return Number(match[1]) / perYear;
}

function yearsBetween(birthDate: string, studyDate: string): number | undefined {
  if (!/^\d{8}$/.test(birthDate) || !/^\d{8}$/.test(studyDate)) return undefined;
  // Dates as yyyymmdd: the difference holds the whole years in its ten-thousands.
  const years = Math.floor((Number(studyDate) - Number(birthDate)) / 10_000);
  return years < 0 ? undefined : years;
}
