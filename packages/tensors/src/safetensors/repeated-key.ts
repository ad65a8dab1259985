/**
 * The first key that some object of a JSON text has twice, or undefined. `JSON.parse` would silently keep the last one, and two
 * readers could then see two different files. The text must already be known to be JSON.
 */
export function repeatedKey(json: string): string | undefined {
  // One entry an open bracket: the keys of an object, or null for an array.
  const open: (Set<string> | null)[] = [];
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/gs;
  for (const [text, colon] of json.matchAll(token)) {
    if (text === '{') open.push(new Set());
    else if (text === '[') open.push(null);
    else if (text === '}' || text === ']') open.pop();
    else if (colon !== undefined) {
      // Decoded, because "a" and "\u0061" are the same key.
      const key = JSON.parse(text.slice(0, -colon.length)) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}
