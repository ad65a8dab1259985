import { z } from 'zod';

/** As DICOM writes codes: BODY PART EXAMINED, VIEW POSITION. */
const code = z.string().regex(/^[A-Z0-9_ ]{1,16}$/, 'a code in capital letters, as DICOM has it');
const codes = z
  .array(code)
  .min(1)
  .max(32)
  .refine((list) => new Set(list).size === list.length, 'each code may occur only once');
const decade = z.int().min(0).max(90).multipleOf(10);

/** Which pictures of the dataset a plan is about; what is not named is not asked. Ages are known by bands of ten years. */
export const selectionSchema = z
  .strictObject({
    bodyParts: codes.optional(),
    viewPositions: codes.optional(),
    sexes: z
      .array(z.enum(['F', 'M', 'O']))
      .min(1)
      .refine((list) => new Set(list).size === list.length, 'each sex may occur only once')
      .optional(),
    /** Years: from this one on. */
    ageFrom: decade.optional(),
    /** Years: below this one. */
    ageBelow: decade.min(10).optional(),
  })
  .superRefine((selection, context) => {
    if (Object.values(selection).every((value) => value === undefined))
      context.addIssue({ code: 'custom', message: 'must name something to select by' });
    const { ageFrom = 0, ageBelow = 100 } = selection;
    if (ageFrom >= ageBelow) context.addIssue({ code: 'custom', path: ['ageBelow'], message: 'must be above ageFrom' });
  });

export type Selection = z.output<typeof selectionSchema>;

/** What a hospital reads of a selection. */
export function selectionProse(selection: Selection): string {
  const { bodyParts, viewPositions, sexes, ageFrom, ageBelow } = selection;
  const ages = [
    ...(ageFrom === undefined ? [] : [`from ${ageFrom} years on`]),
    ...(ageBelow === undefined ? [] : [`below ${ageBelow} years`]),
  ];
  const conditions = [
    ...(bodyParts ? [`body part ${bodyParts.join(' or ')}`] : []),
    ...(viewPositions ? [`view ${viewPositions.join(' or ')}`] : []),
    ...(sexes ? [`sex ${sexes.join(' or ')}`] : []),
    ...(ages.length > 0 ? [`age ${ages.join(' and ')}`] : []),
  ];
  return `Only some of these pictures are used, in training and in tests: ${conditions.join('; ')}. Where a header does not say, the picture is left out.`;
}
