import type { IncomingMessage } from 'node:http';

/** Who may talk to a server. */
export interface GuardRules {
  readonly isToken: (given: string) => boolean;
  readonly hosts: readonly string[];
  readonly origins: readonly string[];
}

/** Why a request is turned away. */
export interface Refused {
  readonly status: number;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Turns away whoever has no business here, before anything is read: a web page that was pointed at this machine by its
 * name server (`Host`), a web page of another origin (`Origin`), and whoever does not have the token. Undefined: welcome.
 */
export function guard(request: IncomingMessage, rules: GuardRules): Refused | undefined {
  const { host = '', origin, authorization = '' } = request.headers;
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (!loopbackNames.includes(name) && !rules.hosts.includes(name)) {
    return {
      status: 403,
      detail: 'This server is not known by that name; its owner can allow it with --allow-host.',
    };
  }
  if (origin !== undefined && !rules.origins.includes(origin)) {
    return {
      status: 403,
      detail: 'Web pages may not talk to this server; its owner can allow one with --allow-origin.',
    };
  }
  const [, token = ''] = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(authorization) ?? [];
  if (!rules.isToken(token)) {
    return {
      status: 401,
      detail: 'Give the token of this server in Authorization: Bearer.',
      headers: { 'www-authenticate': 'Bearer realm="farebox mcp"' },
    };
  }
  const path = (request.url ?? '').split('?', 1)[0];
  return path === '/mcp' ? undefined : { status: 404, detail: 'The endpoint is /mcp.' };
}
