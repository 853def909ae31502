import { existsSync, readFileSync } from "node:fs";

const stamp = new URL("../build.json", import.meta.url);

/** Which release this is: its name, and the identity of the build, which no two images share. */
export const release = existsSync(stamp) ? JSON.parse(readFileSync(stamp, "utf8")) : { version: "source", build: "source" };
