import type { ZoneSettings } from '../zone/settings.js';

/** What the documents and pages say of this registrar. */
export interface DocumentSettings extends ZoneSettings {
  /** The registrar's name, for people: `Example Names`. One line. */
  readonly title: string;
  /** The version of this registrar's documents, `1.0.0` where none is given. */
  readonly version?: string;
  /** What agents' keys begin with: `hd_agent_`. */
  readonly keyPrefix: string;
  /** How an order can be paid. */
  readonly payment: {
    /** The chain that Tempo charges settle on. */
    readonly tempoChainId?: number;
    readonly lightning: boolean;
    /** Whether a prepaid balance can pay too. */
    readonly balance: boolean;
  };
  /** Whether a registration needs `agreed_to_terms: true`. */
  readonly termsRequired: boolean;
  /** Where the terms are, and further documentation, if anywhere. */
  readonly termsUrl?: string;
  readonly docsUrl?: string;
  /** How long a name stays locked for an unpaid order, milliseconds. */
  readonly lockLifeMs: number;
}

/** An answer to be sent as it is. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The most years that a name can be bought for at a time. */
export const yearsMax = 10;

/** How long documents may be kept by caches, seconds. */
const documentLifeSeconds = 60;

/** A document that anybody may read, from any origin. */
export function documentAnswer(type: string, body: string, status = 200): Answer {
  return {
    status,
    headers: {
      'Content-Type': type,
      'Cache-Control': status === 200 ? `public, max-age=${documentLifeSeconds}` : 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Access-Control-Allow-Origin': '*',
    },
    body,
  };
}

/** Media types of documents. */
export const mediaTypes = {
  json: 'application/json',
  problem: 'application/problem+json',
  markdown: 'text/markdown; charset=utf-8',
  plain: 'text/plain; charset=utf-8',
} as const;

/** A refusal as RFC 9457 has it. */
export function problemAnswer(status: number, title: string, detail: string): Answer {
  return documentAnswer(
    mediaTypes.problem,
    dataJsonLine({ type: 'about:blank', title, status, detail }),
    status,
  );
}

function dataJsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
