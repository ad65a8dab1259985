const MIB = 2 ** 20;
const UID = '1.2.840.10008.1.2';
const STORAGE = '1.2.840.10008.5.1.4.1.1.';
const [CT, SEG, RTSTRUCT, SR] = [`${STORAGE}2`, `${STORAGE}66.4`, `${STORAGE}481.3`, `${STORAGE}88.33`];
const LONG = new Set(['OB', 'OW', 'SQ', 'UN', 'UT']);
const NAME = explicit(0x00100010, 'PN', 'DOE^JANE');
const ISO_2022 = explicit(0x00080005, 'CS', '\\ISO 2022 IR 87');
const NAMES = [
  sequence(
    0x00081140,
    many(20_000, (i) => item(explicit(0x00100010, 'PN', nameOf(i)))),
  ),
];

/**
 * Files that are valid, or nearly, and made to be dear: much of what real files have little of. A reader whose time grows with
 * the square of it hangs here.
 */
export const STRESS_FILES: readonly (readonly [name: string, make: () => Buffer])[] = [
  [
    '60,000 elements',
    () =>
      file(
        CT,
        many(60_000, (i) => explicit(0x00190000 + 0x1000 + i, 'LO', 'value')),
      ),
  ],
  [
    'a million empty items',
    () =>
      file(CT, [
        sequence(
          0x00081140,
          many(1_000_000, () => item()),
        ),
      ]),
  ],
  [
    '300,000 items with an element',
    () =>
      file(CT, [
        sequence(
          0x00081140,
          many(300_000, () => item(NAME)),
        ),
      ]),
  ],
  ['64 levels, each of 2,000 items', () => file(CT, [nested(64, 2000)])],
  ['8 MiB of private UN', () => file(CT, [explicit(0x00191010, 'UN', Buffer.alloc(8 * MIB, 0xfe))])],
  ['UN that looks like sequences, 64 deep', () => file(CT, [unknown(60, 100_000)])],
  ['a name of 4 MiB of carets', () => file(CT, [long(0x00104000, '^='.repeat(2 * MIB))])],
  ['4 MiB of escapes of character sets', () => file(CT, [ISO_2022, long(0x00104000, '\x1b$B\x1b(J'.repeat(600_000))])],
  ['4 MiB of backslashes', () => file(CT, [long(0x00104000, '\\'.repeat(4 * MIB))])],
  [
    'a comment that repeats its patient 200,000 times',
    () => file(CT, [NAME, long(0x00104000, 'DOE^JANE '.repeat(200_000))]),
  ],
  [
    '20,000 names, and a comment with all',
    () => file(CT, [...NAMES, long(0x00104000, many(20_000, nameOf).join(' '))]),
  ],
  ['200,000 fragments', () => file(CT, fragmented(200_000), `${UID}.4.70`)],
  [
    '60,000 frames of a pixel',
    () => file(CT, [...pixels(1, 1, 8, 60_000), explicit(0x7fe00010, 'OW', Buffer.alloc(60_000))]),
  ],
  ['a segmentation of 20,000 frames', () => file(SEG, segmentation(20_000))],
  ['1.5 million points of one contour', () => file(RTSTRUCT, structureSet(1, 1_500_000))],
  ['60,000 contours', () => file(RTSTRUCT, structureSet(60_000, 3))],
  ['a report of 60,000 findings about 20,000 pictures', () => file(SR, report(60_000, 20_000))],
  ['16 MiB of zeroes in an implicit file', () => file(CT, [Buffer.alloc(16 * MIB), NAME], UID)],
];

function nameOf(i: number): string {
  return `N${i}^X${i}`;
}

function many<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

function file(sopClassUid: string, elements: readonly Buffer[], transferSyntaxUid = `${UID}.1`): Buffer {
  const syntax = explicit(0x00020010, 'UI', transferSyntaxUid);
  const head = [explicit(0x00080016, 'UI', sopClassUid), explicit(0x00080018, 'UI', '1.2.3')];
  const own = transferSyntaxUid === UID ? [] : head;
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), syntax, ...own, ...elements]);
}

function explicit(tag: number, vr: string, value: Buffer | string): Buffer {
  const raw = Buffer.isBuffer(value) ? value : Buffer.from(value, 'latin1');
  const bytes = raw.length % 2 === 0 ? raw : Buffer.concat([raw, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
  const head = Buffer.alloc(LONG.has(vr) ? 12 : 8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  head.write(vr, 4, 'latin1');
  if (LONG.has(vr)) head.writeUInt32LE(bytes.length, 8);
  else head.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([head, bytes]);
}

function long(tag: number, text: string): Buffer {
  return explicit(tag, 'UT', text);
}

function number(tag: number, value: number): Buffer {
  return explicit(tag, 'US', Buffer.of(value & 0xff, value >>> 8));
}

function sequence(tag: number, items: readonly Buffer[]): Buffer {
  return explicit(tag, 'SQ', Buffer.concat(items));
}

function item(...elements: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(elements);
  const head = Buffer.from('feff00e000000000', 'hex');
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

function nested(depth: number, width: number): Buffer {
  const leaves = many(width, () => item(NAME));
  return sequence(0x00081140, depth === 0 ? leaves : [item(nested(depth - 1, width)), ...leaves]);
}

/** Each level looks like a sequence and ends in something that is none. */
function unknown(depth: number, padding: number): Buffer {
  let value = Buffer.alloc(padding, 0x41);
  for (let i = 0; i < depth; i++)
    value = Buffer.concat([item(explicit(0x00191010, 'UN', value)), Buffer.from('no item.')]);
  return explicit(0x00191010, 'UN', value);
}

function pixels(rows: number, columns: number, bits: number, frames: number): Buffer[] {
  return [
    number(0x00280002, 1),
    explicit(0x00280004, 'CS', 'MONOCHROME2'),
    explicit(0x00280008, 'IS', String(frames)),
    number(0x00280010, rows),
    number(0x00280011, columns),
    number(0x00280100, bits),
    number(0x00280101, bits),
    number(0x00280102, bits - 1),
    number(0x00280103, 0),
  ];
}

function fragmented(count: number): Buffer[] {
  const fragment = item(Buffer.from([0xff, 0xd8]));
  const head = Buffer.from('e07f10004f420000ffffffff', 'hex');
  const end = Buffer.from('feffdde000000000', 'hex');
  return [...pixels(8, 8, 8, 2), head, item(), ...many(count, () => fragment), end];
}

/** All frames of one segment in one plane, and none names its source. */
function segmentation(frames: number): Buffer[] {
  const orientation = sequence(0x00209116, [item(explicit(0x00200037, 'DS', '1\\0\\0\\0\\1\\0'))]);
  const spacing = sequence(0x00289110, [item(explicit(0x00280030, 'DS', '0.5\\0.5'))]);
  const position = sequence(0x00209113, [item(explicit(0x00200032, 'DS', '-50\\-30\\5'))]);
  const segment = sequence(0x0062000a, [item(number(0x0062000b, 1))]);
  const listed = sequence(0x0008114a, [item(explicit(0x00081155, 'UI', '1.2.9'))]);
  return [
    sequence(0x00081115, [item(listed)]),
    ...pixels(4, 4, 1, frames),
    explicit(0x00620001, 'CS', 'BINARY'),
    sequence(0x00620002, [item(number(0x00620004, 1), explicit(0x00620005, 'LO', 'all'))]),
    sequence(0x52009229, [item(orientation, spacing)]),
    sequence(
      0x52009230,
      many(frames, () => item(position, segment)),
    ),
    explicit(0x7fe00010, 'OB', Buffer.alloc(2 * frames, 0xa5)),
  ];
}

function structureSet(contours: number, points: number): Buffer[] {
  const data = explicit(0x30060050, 'UT', many(points, (i) => `${-50 + (i % 10)}\\${-30 + (i % 7)}\\5`).join('\\'));
  const named = sequence(0x30060016, [item(explicit(0x00081155, 'UI', '1.2.9'))]);
  const contour = item(named, explicit(0x30060042, 'CS', 'CLOSED_PLANAR'), data);
  return [
    sequence(0x30060020, [item(explicit(0x30060022, 'IS', '1'), explicit(0x30060026, 'LO', 'all'))]),
    sequence(0x30060039, [
      item(
        sequence(
          0x30060040,
          many(contours, () => contour),
        ),
        explicit(0x30060084, 'IS', '1'),
      ),
    ]),
  ];
}

function report(findings: number, pictures: number): Buffer[] {
  const name = sequence(0x0040a043, [
    item(explicit(0x00080100, 'SH', '121071'), explicit(0x00080104, 'LO', 'Finding')),
  ]);
  const said = item(
    explicit(0x0040a010, 'CS', 'CONTAINS'),
    explicit(0x0040a040, 'CS', 'TEXT'),
    name,
    long(0x0040a160, 'x'),
  );
  const picture = (i: number) =>
    item(
      sequence(0x00081199, [item(explicit(0x00081155, 'UI', `1.2.${i}`))]),
      explicit(0x0040a010, 'CS', 'CONTAINS'),
      explicit(0x0040a040, 'CS', 'IMAGE'),
    );
  const content = [...many(findings, () => said), ...many(pictures, picture)];
  return [explicit(0x0040a040, 'CS', 'CONTAINER'), sequence(0x0040a730, content)];
}
