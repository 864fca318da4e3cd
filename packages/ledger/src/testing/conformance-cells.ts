// The words of `ledger.ts`, cell by cell; written out here a second time on purpose, and not derived from TRANSITIONS.

/** Where a claim stands, as the suite can bring it about. */
export const places = [
  'absent',
  'claimed',
  'claimed-theirs',
  'claimed-orphaned',
  'unknown',
  'released',
  'delivered',
  'delivered-theirs',
  'delivered-orphaned',
  'cut',
  'answered',
  'expired',
  'refunded',
] as const;
export type CellPlace = (typeof places)[number];

/** What is done there. */
export const verbs = [
  'claim',
  'claim, asking again',
  'deliver',
  'settle',
  'release',
  'unknown',
  'abandon',
  'answered',
  'cut',
  'cut by the upstream',
  'redeliver',
  'resolve as released',
  'resolve as delivered',
  'refund',
  'sweep',
] as const;
export type CellVerb = (typeof verbs)[number];

/** `stays` and every refusal: the claim is as it was. `→`: what it becomes, and what is counted. */
export type Cell = `→ ${string}` | 'stays' | 'taken' | 'conflict' | 'no' | 'busy';

/**
 * Cells in the order of {@link places}; a dot is the first word again.
 *
 * `+a`: one attempt more. `+r`: one redelivery more.
 */
const words: Readonly<Record<CellVerb, string>> = {
  claim: 'taken | → claimed | . | . | . | . | → claimed | . | . | . | . | . | . | .',
  'claim, asking again':
    'taken | → claimed | . | . | → claimed | → claimed | → claimed | . | . | . | . | . | . | .',
  deliver: 'taken | → delivered | . | . | . | . | → delivered | . | . | . | . | . | . | .',
  settle: 'conflict | . | → delivered | . | . | . | . | . | . | . | . | . | . | .',
  release: 'taken | → released +a | → released +a | . | . | . | → released +a | . | . | . | . | . | . | .',
  unknown: 'conflict | . | → unknown | . | . | stays | . | . | . | . | . | . | . | .',
  abandon: 'stays | . | → released +a | . | . | . | . | → cut | . | . | . | . | . | .',
  answered: 'conflict | . | . | . | . | . | . | → answered | . | . | . | stays | . | .',
  cut: 'conflict | . | . | . | . | . | . | → cut | . | . | stays | . | . | .',
  'cut by the upstream': 'conflict | . | . | . | . | . | . | → cut +a | . | . | stays | . | . | .',
  redeliver:
    'no | . | . | . | . | . | . | → delivered +r | busy | → delivered +r | → delivered +r | . | . | .',
  'resolve as released':
    'conflict | . | . | . | → released +a | → released +a | . | . | . | . | . | . | . | .',
  'resolve as delivered': 'conflict | . | . | . | → cut | → cut | . | . | . | . | . | . | . | .',
  refund:
    '→ refunded | conflict | conflict | conflict | . | . | . | conflict | conflict | . | . | . | . | stays',
  sweep: 'stays | . | . | . | . | . | → expired | . | . | . | . | . | . | .',
};

/** What a verb does to a claim that stands there. */
export function cellOf(verb: CellVerb, place: CellPlace): Cell {
  const [otherwise, ...cells] = words[verb].split(' | ');
  const cell = cells[places.indexOf(place)];
  if (cells.length !== places.length || cell === undefined || otherwise === undefined)
    throw new Error(`the row of ${verb} is not whole`);
  return asCell(cell === '.' ? otherwise : cell);
}

function asCell(text: string): Cell {
  switch (text) {
    case 'stays':
    case 'taken':
    case 'conflict':
    case 'no':
    case 'busy':
      return text;
    default:
      if (!text.startsWith('→ ')) throw new Error(`${text} is no cell`);
      return `→ ${text.slice(2)}`;
  }
}
