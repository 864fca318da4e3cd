/** Matches what a JSON writer could write as anything else than itself: `"`, `\`, controls and all beyond ASCII. */
export const unplain = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;
