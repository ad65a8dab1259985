// Short names for what every kernel does: four floats at a time. RELAXED is set when the fast variant is built.

/** sum + a * b; one rounding in the fast variant, two in the deterministic one. */
@inline
export function multiplyAdd(sum: v128, a: v128, b: v128): v128 {
  if (isDefined(RELAXED)) return f32x4.relaxed_madd(a, b, sum);
  else return f32x4.add(sum, f32x4.mul(a, b));
}

/** sum + a * k */
@inline
export function addScaled(sum: v128, a: v128, k: f32): v128 {
  return multiplyAdd(sum, a, f32x4.splat(k));
}

@inline
export function scaled(a: v128, k: f32): v128 {
  return f32x4.mul(a, f32x4.splat(k));
}

@inline
export function add(a: v128, b: v128): v128 {
  return f32x4.add(a, b);
}

@inline
export function sub(a: v128, b: v128): v128 {
  return f32x4.sub(a, b);
}

@inline
export function get(p: usize): v128 {
  return v128.load(p);
}

@inline
export function put(p: usize, v: v128): void {
  v128.store(p, v);
}

/** Bytes of n floats. */
@inline
export function floats(n: i32): usize {
  return (<usize>n) << 2;
}

@inline
export function roundUp4(n: i32): i32 {
  return (n + 3) & ~3;
}

@inline
export function roundUp8(n: i32): i32 {
  return (n + 7) & ~7;
}
