/** Reads CSV by the grammar of RFC 4180 §2, every record ending with CRLF. Throws for whatever is not valid. */
export function parseCsv(source: string): string[][] {
  const records: string[][] = [];
  let at = 0;
  while (at < source.length) {
    const record: string[] = [];
    for (;;) {
      const quoted = /^"((?:[^"]|"")*)"/.exec(source.slice(at));
      const plain = /^[^",\r\n]*/.exec(source.slice(at));
      at += (quoted?.[0] ?? plain?.[0] ?? '').length;
      record.push(quoted?.[1]?.replaceAll('""', '"') ?? plain?.[0] ?? '');
      if (source[at] !== ',') break;
      at += 1;
    }
    if (source.slice(at, at + 2) !== '\r\n') throw new Error(`no CRLF after record ${records.length + 1}`);
    at += 2;
    records.push(record);
  }
  return records;
}
