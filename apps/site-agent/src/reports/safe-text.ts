/** Text of a stranger without what a page or a terminal would act on: control characters and turned directions. */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/gu, '\ufffd');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function htmlText(text: string): string {
  return plainText(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** Every mark of Markdown and HTML as the character that it is. */
export function markdownText(text: string): string {
  return plainText(text).replace(/[\\`*_[\]<>#|~&]/g, '\\$&');
}
