import { test } from "node:test";

import type { Code, FitKit, Input, Item, ListId, Output } from "../src/index.js";

/** Compiles only when A and B are one type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;
const same = <_ extends true>() => {};

test("what the compiler takes and refuses", () => {
  same<Same<Input<"api-org-get">, {}>>();
  same<Same<Input<"api-member-get">, { path: { id: string } }>>();
  same<Same<Output<"api-member-create">["name"], string>>();
  same<Same<Item<"api-member-search">["id"], string>>();
  same<"member.phone_taken" extends Code<"api-member-create"> ? true : never>();
  same<"auth.sign_in" extends Code<"api-member-create"> ? true : never>();
  same<"member.phone_taken" extends Code<"api-org-get"> ? never : true>();
  same<"api-org-get" extends ListId ? never : true>();

  const calls = async (client: FitKit) => {
    await client.call("api-org-get");
    await client.call("api-member-create", { body: { name: "דנה" } });
    // @ts-expect-error: a member needs a name
    await client.call("api-member-create", { body: {} });
    // @ts-expect-error: the body is needed
    await client.call("api-member-create");
    // @ts-expect-error: no such field
    await client.call("api-member-create", { body: { name: "דנה", role: "owner" } });
    // @ts-expect-error: no such operation
    await client.call("api-member-fly");
    // @ts-expect-error: not a list
    client.items("api-org-get");
  };
  void calls;
});
