import { nameText } from '../dns/name.js';
import type { RecordData } from './record-data.js';

/** The data of a record as master files have it (RFC 1035 §5.1), names with all their dots, strings in quotation marks. */
export function presentation(data: RecordData): string {
  switch (data.type) {
    case 'A':
    case 'AAAA':
      return data.address;
    case 'CNAME':
    case 'NS':
      return nameText(data.target);
    case 'MX':
      return `${data.preference} ${nameText(data.exchange)}`;
    case 'TXT':
      return data.strings.map(quoted).join(' ');
    case 'CAA':
      return `${data.flags} ${data.tag} ${quoted(Buffer.from(data.value, 'latin1'))}`;
    case 'TLSA': {
      const hex = Buffer.from(data.association).toString('hex');
      return `${data.usage} ${data.selector} ${data.matchingType} ${hex}`;
    }
    case 'SOA': {
      const times = [data.refreshSeconds, data.retrySeconds, data.expireSeconds, data.negativeSeconds];
      return `${nameText(data.primary)} ${data.contact} ${data.serial} ${times.join(' ')}`;
    }
    case 'HINFO':
      return [data.cpu, data.os].map((text) => quoted(Buffer.from(text, 'latin1'))).join(' ');
  }
}

/** A character-string: quotation marks and backslashes escaped, and every byte that is not printable ASCII as `\DDD`. */
function quoted(bytes: Uint8Array): string {
  let text = '"';
  for (const byte of bytes) {
    if (byte === 0x22 || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\${String(byte).padStart(3, '0')}`;
  }
  return `${text}"`;
}
