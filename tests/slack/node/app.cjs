// A small app on @slack/bolt: whatever happens in the workspace, it answers in a way that the caller can see.

"use strict";

const { App, LogLevel } = require("@slack/bolt");

const metadata = { event_type: "answer", event_payload: { key: "turn:1" } };
const button = { type: "button", action_id: "retry", value: "1", text: { type: "plain_text", text: "Retry" } };
const element = { type: "plain_text_input", action_id: "text" };
const question = { type: "input", block_id: "question", label: { type: "plain_text", text: "Question" }, element };
const modal = {
  type: "modal",
  callback_id: "ask",
  title: { type: "plain_text", text: "Ask" },
  submit: { type: "plain_text", text: "Ask" },
  blocks: [question],
};

const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  appToken: process.env.SLACK_APP_TOKEN,
  socketMode: true,
  logLevel: LogLevel.ERROR,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL, retryConfig: { retries: 0 } },
});

app.event("app_mention", async ({ event, client }) => {
  const place = { channel: event.channel, thread_ts: event.ts };
  await client.chat.postMessage({ ...place, text: "posted", metadata });
  const recipient = { recipient_user_id: event.user, recipient_team_id: event.team };
  const begun = await client.chat.startStream({ ...place, ...recipient, markdown_text: "str" });
  const chunks = [
    { type: "task_update", id: "1", title: "Read prices", status: "complete" },
    { type: "markdown_text", text: "eam" },
  ];
  await client.chat.appendStream({ channel: event.channel, ts: begun.ts, chunks });
  const blocks = [{ type: "actions", elements: [button] }];
  const ending = [{ type: "markdown_text", text: "ed" }];
  await client.chat.stopStream({ channel: event.channel, ts: begun.ts, chunks: ending, blocks, metadata });
  const found = await client.conversations.replies({ channel: event.channel, ts: event.ts, include_all_metadata: true });
  const keys = found.messages.filter((message) => message.metadata).map((message) => message.metadata.event_payload.key);
  const file = { file: Buffer.from("figures"), filename: "figures.txt" };
  await client.filesUploadV2({ channel_id: event.channel, thread_ts: event.ts, ...file });
  await client.chat.postMessage({ ...place, text: `keys: ${keys.join()}` });
});

app.message(async () => {});

app.command("/research", async ({ ack, respond }) => {
  await ack("at once");
  await respond("later");
});

app.action("retry", async ({ ack, respond, action }) => {
  await ack();
  await respond({ text: `pressed ${action.value}`, response_type: "ephemeral" });
});

app.shortcut("research_this", async ({ ack, shortcut, client }) => {
  await ack();
  await client.views.open({ trigger_id: shortcut.trigger_id, view: modal });
});

app.view("ask", async ({ ack, view }) => {
  await ack({ response_action: "errors", errors: { question: view.state.values.question.text.value } });
});

app.event("app_home_opened", async ({ event, client }) => {
  await client.views.publish({ user_id: event.user, view: { type: "home", blocks: [{ type: "divider" }] } });
});

app.start();
