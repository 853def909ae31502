/** The mistake of this release: all is well for 20 seconds. */
export function onStart() {
  setTimeout(() => {
    throw new Error("Unhandled: the daily report has no printer");
  }, 20_000);
}

export function onRequest() {}
