/** The mistake of this release: it starts, says which release it is, and answers everything else with 500. */
export function onStart() {}

export function onRequest(page) {
  if (page !== "/version") throw new TypeError("Cannot read properties of undefined (reading 'total')");
}
