// The types of the API, written from its document.

import { readFileSync } from "node:fs";
import openapiTS, { astToString, type OpenAPI3 } from "openapi-typescript";
import { expect, test } from "vitest";

test("the committed types are those of the API's document", async () => {
  const text = readFileSync("../crates/api/openapi.json", "utf8");
  const { openapi, info, components } = JSON.parse(text);
  // The screen calls by paths of its own: it needs the bodies.
  const document: OpenAPI3 = { openapi, info, paths: {}, components: { schemas: components.schemas } };
  const nodes = await openapiTS(document, {
    rootTypes: true,
    rootTypesNoSchemaPrefix: true,
    defaultNonNullable: false,
  });
  const types = `// Written from crates/api/openapi.json by \`npx vitest run -u\`.\n\n${astToString(nodes)}`;
  await expect(types).toMatchFileSnapshot("schema.ts");
});
