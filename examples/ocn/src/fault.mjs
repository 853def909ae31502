/** A release may bring its own fault by replacing this file; this one has none. */
export function onStart() {}

export function onRequest() {}
