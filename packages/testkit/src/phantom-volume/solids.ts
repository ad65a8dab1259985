export type Point = readonly [x: number, y: number, z: number];

/** A body in space. Coordinates are the patient's in millimetres: x to the left, y to the back, z to the head. */
export interface Solid {
  readonly center: Point;
  /** Nothing of it is farther from its centre, or from the vertical line through it if it is `tall`. */
  readonly reachMm: number;
  /** Goes on upwards and downwards without end. */
  readonly isTall?: boolean;
  /** How deep inside a point lies, in millimetres; negative outside. Near the surface it is about the distance to it. */
  readonly depthAt: (x: number, y: number, z: number) => number;
}

/** Math.hypot guards against overflow and costs ten times as much. */
export function length(x: number, y: number, z = 0): number {
  return Math.sqrt(x * x + y * y + z * z);
}

export function ellipsoid(center: Point, radii: Point): Solid {
  const [cx, cy, cz] = center;
  const [rx, ry, rz] = radii;
  const scale = Math.min(rx, ry, rz);
  return {
    center,
    reachMm: Math.max(rx, ry, rz) + 2,
    depthAt: (x, y, z) => scale * (1 - length((x - cx) / rx, (y - cy) / ry, (z - cz) / rz)),
  };
}

/** A tube from one point to another with rounded ends; its radius may change along it. */
export function capsule(from: Point, to: Point, radiusMm: number, endRadiusMm = radiusMm): Solid {
  const [dx, dy, dz] = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
  const squared = dx * dx + dy * dy + dz * dz;
  const center: Point = [from[0] + dx / 2, from[1] + dy / 2, from[2] + dz / 2];
  return {
    center,
    reachMm: Math.sqrt(squared) / 2 + Math.max(radiusMm, endRadiusMm) + 2,
    depthAt: (x, y, z) => {
      const [px, py, pz] = [x - from[0], y - from[1], z - from[2]];
      const t = Math.min(1, Math.max(0, (px * dx + py * dy + pz * dz) / squared));
      return radiusMm + (endRadiusMm - radiusMm) * t - length(px - t * dx, py - t * dy, pz - t * dz);
    },
  };
}

/** A tube through several points. */
export function tube(points: readonly Point[], radiusMm: number): Solid[] {
  return points.slice(1).map((point, index) => capsule(points[index]!, point, radiusMm));
}

/** The same solid, smaller by this much all around. */
export function shrunk(solid: Solid, byMm: number): Solid {
  return { ...solid, depthAt: (x, y, z) => solid.depthAt(x, y, z) - byMm };
}

/** An upright column of elliptic cross-section. */
export function column(x0: number, y0: number, rx: number, ry: number): Solid {
  const scale = Math.min(rx, ry);
  return {
    center: [x0, y0, 0],
    reachMm: Math.max(rx, ry) + 2,
    isTall: true,
    depthAt: (x, y) => scale * (1 - length((x - x0) / rx, (y - y0) / ry)),
  };
}
