// biome-ignore-all format: tables of short values
/** Numbers that sizes, counts and lengths must survive. */
export const HOSTILE_UNSIGNED = [0, 1, 2, 3, 7, 17, 0x7f, 0xff, 0x100, 0x7fff, 0x8000, 0xfffe, 0xffff];

export const HOSTILE_LENGTHS = [0, 1, 2, 3, 4, 0xff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** Where numbers are written as text (DS, IS). */
export const HOSTILE_NUMBERS = [
  '', ' ', '-', '0', '-1', '1e999', '-1e999', '1e-999', 'NaN', 'Infinity', '0x10', '1\\', '\\\\\\', '9999999999999999',
  '4294967296', '2147483648', '65537', '1,5', '1.5.5', '+0', '\0',
];

/** Where people's text is written: paths, terminal control, markup, direction marks, formats, escapes of character sets. */
export const HOSTILE_TEXTS = [
  '../../../../etc/passwd', '..\\..\\windows', '/etc/cron.d/x', 'C:\\boot.ini', 'CON', 'a\0b', '.', '..', '~', '-rf',
  '\x1b[2J\x1b[31mred', '\x1b]0;title\x07', '\x9b31m', '\r\nFAKE log line', '\x08\x08\x7f',
  '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' OR 1=1 --", '{{7*7}}', '$(x)', '%n%s%x', '=cmd()',
  '\xe2\x80\xaetxt.exe', '\xe2\x80\x8f\xe2\x81\xa6x', '\xff\xfe\xfd', '\xed\xa0\x80', '\xf4\x90\x80\x80', '\xc0\xaf',
  '\x1b$B\x1b(J\x1b$)C\xff', '\x1b$B', '\x1b-A\x1b.B', '^^^^^====', 'x'.repeat(64),
];

export const CHARACTER_SETS = [
  'ISO_IR 6', 'ISO_IR 100', 'ISO_IR 101', 'ISO_IR 13', 'ISO_IR 144', 'ISO_IR 192', 'GB18030', 'GBK', 'UTF-16', 'x',
  '\\ISO 2022 IR 87', 'ISO 2022 IR 13\\ISO 2022 IR 87', '\\ISO 2022 IR 149', '\\ISO 2022 IR 58', '\\\\\\', '__proto__',
];

const UID = '1.2.840.10008.1.2';
export const TRANSFER_SYNTAXES = [
  UID, `${UID}.1`, `${UID}.1.99`, `${UID}.2`, `${UID}.5`, `${UID}.8.1`, `${UID}.4.50`, `${UID}.4.51`, `${UID}.4.57`,
  `${UID}.4.70`, `${UID}.4.80`, `${UID}.4.81`, `${UID}.4.90`, `${UID}.4.91`, `${UID}.4.201`, `${UID}.4.202`,
  `${UID}.4.203`, `${UID}.4.100`, `${UID}.4.95`, '1.2', '', '__proto__',
];

export const PHOTOMETRICS = [
  'MONOCHROME1', 'MONOCHROME2', 'PALETTE COLOR', 'RGB', 'YBR_FULL', 'YBR_FULL_422', 'YBR_RCT', 'YBR_ICT', 'HSV', 'constructor',
];
