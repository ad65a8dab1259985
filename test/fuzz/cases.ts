import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './generated-files.ts';
import { mutate } from './mutations.ts';
import { Random } from './random.ts';
import { STRESS_FILES } from './stress-files.ts';

const CORPUS = fileURLToPath(new URL('../../../shared/data/dicom/', import.meta.url));
const MALFORMED = 'malformed';
/** Larger files are a burden on the disk and show nothing that smaller ones do not. */
const LARGEST_BYTES = 2 ** 20;
const SMALL_BYTES = 150 * 1024;
/** Few among the files, and read by code of their own. */
const LABEL_OBJECT = /^(segmentation|structure set|report|seg_objects\/|non_image\/.*(report|SR))/;

export const isCorpusThere = existsSync(CORPUS);

export interface Case {
  /** What was done to which file. */
  readonly what: string;
  readonly bytes: Buffer;
}

type GoodFile = readonly [name: string, bytes: Buffer];

/**
 * First every malformed file as it is, then files that are made to be dear, then mutations of good ones; case N is
 * always the same for the same seed and files.
 */
export class Cases {
  private readonly labels: readonly GoodFile[];
  private readonly small: readonly GoodFile[];
  private readonly seed: number;
  private readonly good: readonly GoodFile[];
  readonly malformed: readonly string[];

  private constructor(seed: number, good: readonly GoodFile[], malformed: readonly string[]) {
    this.seed = seed;
    this.good = good;
    this.malformed = malformed;
    this.labels = good.filter(([file]) => LABEL_OBJECT.test(file));
    this.small = good.filter(([, bytes]) => bytes.length <= SMALL_BYTES);
  }

  static async open(seed: number): Promise<Cases> {
    const files = isCorpusThere ? filesBelow(CORPUS) : [];
    const isMalformed = (file: string) => file.startsWith(`${MALFORMED}/`);
    const real = files
      .filter((file) => !isMalformed(file) && /\.dcm$/i.test(file))
      .filter((file) => statSync(join(CORPUS, file)).size <= LARGEST_BYTES)
      .map((file): GoodFile => [file, readFileSync(join(CORPUS, file))]);
    return new Cases(seed, [...(await generatedFiles()), ...real], files.filter(isMalformed));
  }

  get goodFiles(): number {
    return this.good.length;
  }

  at(number: number): Case {
    const malformed = this.malformed[number];
    if (malformed !== undefined) return { what: malformed, bytes: readFileSync(join(CORPUS, malformed)) };
    const stress = STRESS_FILES[number - this.malformed.length];
    if (stress !== undefined) return { what: stress[0], bytes: stress[1]() };
    const random = new Random(this.seed, number);
    const kind = random.unit();
    const [name, bytes] = random.oneOf(kind < 0.15 ? this.labels : kind < 0.9 ? this.small : this.good);
    const mutated = mutate(bytes, random.oneOf(this.small)[1], random);
    return { what: `${name}: ${mutated.names.join(', ')}`, bytes: mutated.bytes };
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).replaceAll('\\', '/'))
    .sort();
}
