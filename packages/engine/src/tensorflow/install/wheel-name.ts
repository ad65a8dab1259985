import { PINNED_SHA256 } from './pinned.js';

/** The parts of a wheel's file name. Source  packaging.python.org, binary distribution format. */
export interface WheelName {
  readonly file: string;
  /** In normal form: lower case, parts joined by hyphens. */
  readonly project: string;
  readonly version: string;
  readonly pythonTags: readonly string[];
  readonly platformTags: readonly string[];
}

/** The wheel that is looked for. */
export interface WheelRequest {
  readonly project: string;
  /** As in a Requires-Dist: `==2.21.0`, `<13.0,>=12.5.3.2`. */
  readonly versions: string;
  /** As wheels call it: x86_64, aarch64. */
  readonly machine: string;
  /** Version of the C library here; wheels that need a newer one are passed over. */
  readonly glibc: string;
}

export function parseWheelName(file: string): WheelName | undefined {
  const parts = file.endsWith('.whl') ? file.slice(0, -'.whl'.length).split('-') : [];
  if (parts.length !== 5 && parts.length !== 6) return undefined;
  const [project, version] = parts as [string, string];
  const [python, , platform] = parts.slice(-3) as [string, string, string];
  return {
    file,
    project: normalProject(project),
    version,
    pythonTags: python.split('.'),
    platformTags: platform.split('.'),
  };
}

/** Source  PEP 503. */
export function normalProject(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/** The best of some files for a request: one that is pinned, then the newest version, then the newest Python tag. */
export function chooseWheel(files: Iterable<string>, request: WheelRequest): WheelName | undefined {
  const fitting = [...files].flatMap((file) => {
    const name = parseWheelName(file);
    return name && fits(name, request) ? [name] : [];
  });
  return fitting.sort(
    (a, b) =>
      Number(b.file in PINNED_SHA256) - Number(a.file in PINNED_SHA256) ||
      compareVersions(b.version, a.version) ||
      pythonMinor(b) - pythonMinor(a),
  )[0];
}

function fits(name: WheelName, request: WheelRequest): boolean {
  return (
    name.project === normalProject(request.project) &&
    satisfies(name.version, request.versions) &&
    name.platformTags.some((tag) => runsHere(tag, request))
  );
}

/** Whether a platform tag is of this machine, with a C library that is not newer. Source  PEP 600. */
function runsHere(tag: string, { machine, glibc }: WheelRequest): boolean {
  const legacy = { manylinux1: '2.5', manylinux2010: '2.12', manylinux2014: '2.17' };
  const [, perennial, old] = /^(?:manylinux_(\d+_\d+)|(manylinux\d+))_/.exec(tag) ?? [];
  const needed = perennial?.replace('_', '.') ?? legacy[old as keyof typeof legacy];
  return needed !== undefined && tag.endsWith(`_${machine}`) && compareVersions(glibc, needed) >= 0;
}

function pythonMinor({ pythonTags }: WheelName): number {
  return Math.max(0, ...pythonTags.map((tag) => Number(/^cp3(\d+)$/.exec(tag)?.[1] ?? 0)));
}

/** Whether a release satisfies a comma-joined list of ==, >=, <=, <, > and !=; pre-releases never do. */
export function satisfies(version: string, specifiers: string): boolean {
  if (!/^\d+(\.\d+)*$/.test(version)) return false;
  return specifiers.split(',').every((specifier) => {
    const [, operator, bound] = /^\s*(==|>=|<=|!=|<|>)\s*([\d.]+)\s*$/.exec(specifier) ?? [];
    if (!bound) return false;
    const order = compareVersions(version, bound);
    switch (operator) {
      case '==':
        return order === 0;
      case '!=':
        return order !== 0;
      case '>=':
        return order >= 0;
      case '<=':
        return order <= 0;
      case '<':
        return order < 0;
      default:
        return order > 0;
    }
  });
}

export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
