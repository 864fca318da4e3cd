/**
 * The first place to fill in of a URL that was taken out of an OpenAPI document as it stands: `{address}`. Undefined where there
 * is none. A seller may ask a price for it all the same, and find nothing there once it is paid.
 */
export function placeToFillIn(url: string): string | undefined {
  return /\{[A-Za-z_][\w.-]{0,60}\}/.exec(url)?.[0];
}
