/** x, y, z of the patient: to the left, to the back, to the head; in mm where it is a place. Source  DICOM PS3.3 C.7.6.2.1.1. */
export type Vector = readonly [number, number, number];

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** a + factor x b. */
export function plus(a: Vector, b: Vector, factor = 1): Vector {
  return [a[0] + factor * b[0], a[1] + factor * b[1], a[2] + factor * b[2]];
}

export function scaled(a: Vector, factor: number): Vector {
  return [factor * a[0], factor * a[1], factor * a[2]];
}

export function lengthOf(a: Vector): number {
  return Math.hypot(...a);
}

/** From 0 to 90: which of the two ends of each vector is meant does not count. Exact for small angles too. */
export function degreesBetween(a: Vector, b: Vector): number {
  return (Math.atan2(lengthOf(cross(a, b)), Math.abs(dot(a, b))) * 180) / Math.PI;
}

/** The angle to the nearest axis of the patient, from 0 to 54.7 degrees. */
export function degreesOffAxis(a: Vector): number {
  const [x, y, z] = [Math.abs(a[0]), Math.abs(a[1]), Math.abs(a[2])];
  const greatest = Math.max(x, y, z);
  return (Math.atan2(Math.sqrt(Math.max(x * x + y * y + z * z - greatest * greatest, 0)), greatest) * 180) / Math.PI;
}
