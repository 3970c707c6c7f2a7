// A tour of the API with the types of openapi-typescript: without `any`, without casts.

import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const email = "ada@example.com";
const password = "correct horse";

/** Print what each request returns. `baseUrl` is the address of a service without users. */
export async function tour(baseUrl: string): Promise<void> {
  const client = createClient<paths, "application/json">({ baseUrl });

  const account = await client.POST("/users", { body: { email, name: "Ada", password } });
  console.log("signed up:", wanted(account).data.email);

  const login = await client.POST("/token", {
    body: { username: email, password },
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
  });
  const token = wanted(login).data.access_token;
  client.use({
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${token}`);
    },
  });

  for (const title of ["Read", "Write"]) {
    const created = await client.POST("/panels", { body: { title } });
    console.log("created:", wanted(created).data.title, "at", wanted(created).data.position);
  }

  const panels = wanted(await client.GET("/panels"));
  console.log("panels:", panels.data.map((panel) => panel.title), panels.meta.count, "of", panels.meta.max_panels);

  const first = panels.data[0];
  if (first === undefined) throw new TypeError("there is no panel");
  const path = { panel_id: first.id };
  const entry = await client.POST("/panels/{panel_id}/entries", { params: { path }, body: { is_complete: true } });
  console.log("tapped:", wanted(entry).data.day === panels.meta.day, new Date(wanted(entry).data.timestamp) <= new Date());

  const history = wanted(await client.GET("/panels/{panel_id}/entries", { params: { path, query: { limit: 7 } } }));
  console.log("history:", history.data.map((day) => day.is_complete), history.meta.total, "day");

  const consistency = wanted(await client.GET("/metrics/panels/consistency"));
  console.log("consistency:", consistency.data.map((panel) => `${panel.title} ${panel.consistency}`));

  const missing = await client.DELETE("/panels/{panel_id}", { params: { path: { panel_id: 1_000 } } });
  console.log("error:", missing.response.status, missing.error?.data.code, missing.error?.error_message);

  const invalid = await client.POST("/panels", { body: { title: "" } });
  const detail = invalid.error?.data.detail;
  if (Array.isArray(detail)) console.log("invalid:", detail.map((field) => field.loc.join(".")));
}

/** Return the body of a successful response. */
function wanted<T>(result: { data?: T; error?: { error_message: string } }): T {
  if (result.data === undefined) throw new TypeError(result.error?.error_message);
  return result.data;
}
