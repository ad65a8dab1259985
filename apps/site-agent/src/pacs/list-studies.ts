import type { FoundInstance, FoundSeries, FoundStudy, Pacs } from './pacs.js';
import { type StudyQuery, studyMatches } from './query.js';

/** Every study of the query, once, however many of its alternatives it matches. */
export async function* listStudies(pacs: Pacs, query: StudyQuery, signal: AbortSignal): AsyncGenerator<FoundStudy> {
  const seen = new Set<string>();
  for (const match of studyMatches(query))
    for await (const study of pacs.studies(match, undefined, signal)) {
      if (seen.has(study.studyUid)) continue;
      seen.add(study.studyUid);
      yield study;
    }
}

/** The series of a study that the query wants. Not every PACS matches a body part, so it is done here. */
export async function listSeries(
  pacs: Pacs,
  { studyUid, series: count }: FoundStudy,
  query: StudyQuery,
  signal: AbortSignal,
): Promise<FoundSeries[]> {
  const series = await pacs.series({ studyUid, count }, signal);
  return query.bodyPart === undefined ? series : series.filter(({ bodyPart }) => bodyPart === query.bodyPart);
}

export async function listInstances(
  pacs: Pacs,
  study: FoundStudy,
  query: StudyQuery,
  signal: AbortSignal,
): Promise<Map<string, FoundInstance[]>> {
  const { studyUid } = study;
  const listed = new Map<string, FoundInstance[]>();
  for (const { seriesUid, instances: count } of await listSeries(pacs, study, query, signal))
    listed.set(seriesUid, await pacs.instances({ studyUid, seriesUid, count }, signal));
  return listed;
}
